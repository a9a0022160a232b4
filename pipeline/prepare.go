package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"volara/fault"
	"volara/geometry"
	"volara/stages"
	"volara/stream"
)

// A decision says how a task's recorded generation stands to what is asked for now.
type decision struct {
	task  *TaskPlan
	print fingerprint
	// recorded tells that the run has a record of the task, keep that its generation goes on, reason why not.
	recorded, keep bool
	reason         string
	adopt          *adoption // what is taken over as done; nil: nothing
}

// known returns the regions that global tasks have covered and finished in their recorded generations.
func known(ctx context.Context, state *stream.State) (map[string]geometry.Roi, error) {
	records, err := state.Generations(ctx)
	if err != nil {
		return nil, err
	}
	regions := map[string]geometry.Roi{}
	for name, g := range records {
		var f fingerprint
		if err := json.Unmarshal(g.Fingerprint, &f); err != nil || f.Region == nil {
			continue
		}
		done, err := state.Done(ctx, name, g.ID, 1)
		if err != nil {
			return nil, err
		}
		if done.Count() > 0 {
			regions[name] = *f.Region
		}
	}
	return regions, nil
}

// prepare settles every task's generation and makes its outputs; it returns the generations by task. Nothing is
// written before every task has been checked. crashed says that the run before this one was killed.
func (p *Plan) prepare(ctx context.Context, state *stream.State, graphs *stages.Graphs, crashed bool, log *slog.Logger) (map[string]string, error) {
	decisions, err := p.decide(ctx, state)
	if err != nil {
		return nil, err
	}
	generations := map[string]string{}
	for _, d := range decisions {
		id, err := d.begin(ctx, p, state, generations, log)
		if err != nil {
			return nil, err
		}
		generations[d.task.Name] = id
		fault.Point("up.begun")
		env := p.env(d.task, graphs)
		env.Generation, env.Marker, env.Replace = id, d.marker(p.Pipeline.Name, id), d.recorded
		env.Crashed, env.Adopt = crashed, d.adopt != nil
		if err := d.task.Stage.Init(ctx, env); err != nil {
			return nil, fmt.Errorf("prepare the outputs of %s: %w", d.task.Name, err)
		}
		if err := d.recordAdoption(ctx, state, id, log); err != nil {
			return nil, err
		}
		fault.Point("up.prepared")
	}
	return generations, p.noteHoles(ctx, state, generations)
}

// decide compares every task with its record and checks the outputs of what is recorded as done.
func (p *Plan) decide(ctx context.Context, state *stream.State) ([]*decision, error) {
	records, err := state.Generations(ctx)
	if err != nil {
		return nil, err
	}
	var decisions []*decision
	var errs []error
	generations := map[string]string{}
	for _, t := range p.Tasks {
		d, err := t.decide(ctx, p, state, records, generations)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if d.keep {
			up, err := p.filled(ctx, state, t, records[t.Name].ID, generations)
			if err != nil {
				return nil, err
			}
			if up != "" {
				d.keep, d.reason = false, fmt.Sprintf("blocks of %s that a skip mask had left out are made now", up)
			}
		}
		generations[t.Name] = beginsAnew
		if d.adopt != nil {
			generations[t.Name] = isAdopted
		}
		if d.keep {
			generations[t.Name] = records[t.Name].ID
		}
		decisions = append(decisions, d)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := p.checkConsumed(ctx, decisions, records); err != nil {
		return nil, err
	}
	return decisions, nil
}

func (t *TaskPlan) decide(ctx context.Context, plan *Plan, state *stream.State, records map[string]stream.Generation, generations map[string]string) (*decision, error) {
	p := plan.Pipeline
	f, err := t.fingerprint(p.Base, generations)
	if err != nil {
		return nil, err
	}
	d := &decision{task: t, print: f}
	record, ok := records[t.Name]
	if a := plan.adopt[t.Name]; a != nil {
		if d.adopt, err = t.decideAdopt(ctx, p, a, record, generations); err != nil {
			return nil, err
		}
	}
	if !ok {
		return d, nil
	}
	if plan.redo[t.Name] {
		return d, t.decideRedo(ctx, d, p, state, record)
	}
	d.recorded = true
	var recorded fingerprint
	if err := decodeJSON(record.Fingerprint, &recorded); err != nil {
		return nil, fmt.Errorf("the record of task %s is unreadable (%w); volara drop --task %s --keep-outputs %s clears it", t.Name, err, t.Name, p.File)
	}
	if changes := f.changes(recorded); len(changes) > 0 {
		return nil, fmt.Errorf("task %s was begun with another configuration:\n    %s\nrestore it, or start the task anew (volara drop --task %s %s), or give the run another name",
			t.Name, strings.Join(changes, "\n    "), t.Name, p.File)
	}
	if d.keep, d.reason = f.sameInputs(recorded); !d.keep {
		return d, nil
	}
	done, err := state.Done(ctx, t.Name, record.ID, t.Plan.Grid.Len())
	if err != nil {
		return nil, err
	}
	if done.Count() > 0 {
		return d, t.checkOutputs(ctx, p, record.ID)
	}
	return d, nil
}

// begin keeps the recorded generation or starts a new one.
func (d *decision) begin(ctx context.Context, p *Plan, state *stream.State, generations map[string]string, log *slog.Logger) (string, error) {
	t := d.task
	for name := range d.print.Inputs {
		d.print.Inputs[name] = generations[name]
	}
	if d.keep {
		g, err := state.Generation(ctx, t.Name)
		return g.ID, err
	}
	if d.adopt != nil {
		return stream.NewGeneration(), nil // recorded when the outputs are marked
	}
	if d.reason != "" {
		log.Info("the task is computed anew: "+d.reason, "task", t.Name)
	} else {
		d.warnTakeOver(ctx, log)
	}
	text, err := json.Marshal(d.print)
	if err != nil {
		return "", fmt.Errorf("encode the fingerprint of %s: %w", t.Name, err)
	}
	g, err := state.Begin(ctx, t.Name, text)
	return g.ID, err
}

// warnTakeOver says that outputs without a record are going to be written over.
func (d *decision) warnTakeOver(ctx context.Context, log *slog.Logger) {
	for _, u := range d.task.Uses {
		if !u.Write {
			continue
		}
		there := false
		if u.Resource.Kind == stages.KindArray {
			_, _, err := stages.OutputMarker(ctx, u.Place)
			there = err == nil
		} else if u.Resource.Kind != stages.KindNodes || !d.task.sharesGraph() {
			_, err := os.Stat(u.Resource.ID)
			there = err == nil && u.Resource.Kind != stages.KindEdgeAttr
		}
		if there {
			log.Warn("an output exists, but this run has no record of making it; it is taken over and every block computed again",
				"task", d.task.Name, "output", u.Resource.ID)
		}
	}
}

// marker is what the outputs of a generation carry.
func (d *decision) marker(run, generation string) stages.Marker {
	return stages.Marker{Version: Version, Run: run, Task: d.task.Name, TaskType: d.task.Stage.Common().TaskType,
		Generation: generation, Config: d.print.Config, Inputs: d.print.Inputs}
}
