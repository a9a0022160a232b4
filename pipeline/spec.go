package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/oklog/ulid/v2"

	"volara/stages"
	"volara/stream"
)

// A spec is the stored specification of a run: itself a pipeline file, with absolute paths only, and the generations
// that its workers write for.
type spec struct {
	Name        string            `json:"name"`
	Tasks       []json.RawMessage `json:"tasks"`
	Base        string            `json:"base"`
	Generations map[string]string `json:"generations"`
	Holes       []string          `json:"holes,omitempty"` // tasks whose outputs lack chunks
	// Begun tells one up from another: a worker that stays opens everything anew, for data may have been changed in
	// between, and what it keeps of them must not be seen.
	Begun string `json:"begun"`
}

// encodeSpec writes the specification of a plan, another one every time.
func (p *Plan) encodeSpec(generations map[string]string) (json.RawMessage, error) {
	s := spec{Name: p.Pipeline.Name, Base: p.Pipeline.Base, Generations: generations, Begun: ulid.Make().String()}
	s.Holes = slices.Sorted(maps.Keys(p.holes))
	for _, t := range p.Tasks {
		text, err := json.Marshal(t.Stage)
		if err != nil {
			return nil, fmt.Errorf("encode task %s: %w", t.Name, err)
		}
		s.Tasks = append(s.Tasks, text)
	}
	return json.Marshal(s)
}

// decodeSpec reads a stored specification and parses its tasks.
func decodeSpec(types map[string]stages.Factory, text json.RawMessage) (*Pipeline, spec, error) {
	var s spec
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, s, fmt.Errorf("the stored specification: %w", err)
	}
	tasks, err := json.Marshal(map[string]any{"name": s.Name, "tasks": s.Tasks})
	if err != nil {
		return nil, s, err
	}
	p, err := Parse(types, filepath.Join(s.Base, "stored specification"), tasks)
	if err != nil {
		return nil, s, fmt.Errorf("the stored specification of run %s: %w", s.Name, err)
	}
	return p, s, nil
}

// streamPlan translates the plan into the stream's words, for workers that cache so many bytes of decoded chunks; host is
// where the databases are opened that are files.
func (p *Plan) streamPlan(generations map[string]string, cacheBytes int, host stream.Host) (stream.Plan, error) {
	text, err := p.encodeSpec(generations)
	if err != nil {
		return stream.Plan{}, err
	}
	out := stream.Plan{Run: p.Pipeline.Name, Spec: text}
	columns := p.columns(cacheBytes)
	for _, t := range p.Tasks {
		shared := t.Stage.Common()
		task := t.streamTask()
		task.Generation, task.MaxRetries, task.Voxels = generations[t.Name], shared.Retries(), t.voxels()
		task.Memory, task.Conflict, task.Tile = t.memory(), shared.Conflict(), columns.tile(t)
		if shared.NumWorkers != nil {
			task.MaxWorkers = *shared.NumWorkers
		}
		if shared.Timeout != nil {
			task.Timeout = shared.Timeout.Std()
		}
		if t.fileDB() {
			task.Host = host
		}
		for _, e := range t.Upstream {
			task.Upstream = append(task.Upstream, stream.Dependency{Task: e.Task.Name, All: e.All})
		}
		out.Tasks = append(out.Tasks, task)
	}
	return out, nil
}

// fileDB reports whether the task works with a database that is a file, which only processes of one host may share.
func (t *Task) fileDB() bool {
	return slices.ContainsFunc(t.dbs, func(db *stages.DB) bool { return db.Type == "sqlite" })
}

// voxels returns the voxels in the selected blocks; 0 for a global task, whose block has none.
func (t *TaskPlan) voxels() int64 {
	if t.Plan.Global {
		return 0
	}
	voxels := t.Plan.Grid.WrittenBy(t.Select).Shape.Div(t.Plan.VoxelSize).Prod()
	if t.Skip == nil {
		return voxels
	}
	return int64(float64(voxels) * float64(t.Blocks()) / float64(t.Select.Size()))
}
