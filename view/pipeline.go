package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"volara/follow"
	"volara/pipeline"
	"volara/stages"
	"volara/zarr"
)

// A Run is a pipeline to look at, while it runs or otherwise. It is safe for concurrent use.
type Run struct {
	pipeline *pipeline.Pipeline
	server   pipeline.Server
	log      *slog.Logger

	mu     sync.Mutex
	blocks *follow.Blocks
}

// NewRun returns a pipeline to look at; server says where its run is kept.
func NewRun(p *pipeline.Pipeline, server pipeline.Server, log *slog.Logger) *Run {
	return &Run{pipeline: p, server: server, log: log}
}

// Find is a Finder of all datasets of the pipeline that exist, as its tasks see them, and of each task's blocks.
func (r *Run) Find(ctx context.Context, opening ...zarr.Option) (found []Dataset, problems []error) {
	plan, err := r.pipeline.Plan(ctx, pipeline.Selection{})
	if err != nil {
		return nil, []error{err}
	}
	seen := map[string]bool{}
	for _, t := range plan.Tasks {
		for _, u := range t.Uses {
			if u.Dataset == nil || seen[identity(u.Dataset)] {
				continue
			}
			seen[identity(u.Dataset)] = true
			datasets, wrong := r.open(ctx, u, opening)
			for _, err := range wrong {
				if !errors.Is(err, zarr.ErrNotFound) { // not made yet, or removed
					problems = append(problems, fmt.Errorf("%s of %s: %w", u.Field, t.Name, err))
				}
			}
			found = append(found, datasets...)
		}
	}
	return append(found, r.findBlocks(ctx, plan)...), problems
}

// identity tells datasets apart that show other voxels.
func identity(d *stages.Dataset) string {
	same := *d
	same.Type, same.Neighborhood, same.Chunks, same.Compressor, same.Writable = "", nil, nil, "", nil
	text, err := json.Marshal(same)
	if err != nil {
		return d.Store
	}
	return string(text)
}

// kindOfType is the kind of a type of dataset; "" is to be guessed.
func kindOfType(t stages.DatasetType) Kind {
	switch t {
	case stages.TypeAffs:
		return Affinities
	case stages.TypeLabels:
		return Labels
	case stages.TypeRaw, stages.TypeLSD:
		return Image
	}
	return ""
}

// open opens a dataset of a task: an image with all its levels where nothing is done to it.
func (r *Run) open(ctx context.Context, u stages.Use, opening []zarr.Option) ([]Dataset, []error) {
	d := u.Dataset
	if !d.Lazy() && !d.Placed() {
		f := finding{opening: opening}
		f.find(ctx, Request{Path: d.Store, Kind: kindOfType(d.Type)})
		return f.found, f.problems
	}
	a, err := stages.OpenSeen(ctx, d, opening...)
	if err != nil {
		return nil, []error{err}
	}
	out := Dataset{Name: nameOf(d.Store), Kind: kindOfType(d.Type), Levels: []Level{{Array: a}}, key: identity(d)}
	if !d.Lazy() {
		out.Levels[0].Dir = folder(a.Path())
	}
	if out.Kind == "" {
		out.Kind = guessKind(out.Name, a.DType(), a.Spatial.ChannelAxes > 0, a.Neighborhood != nil)
	}
	return []Dataset{out}, nil
}

// findBlocks returns the blocks of the plan's tasks.
func (r *Run) findBlocks(ctx context.Context, plan *pipeline.Plan) []Dataset {
	b := r.follow(plan)
	var found []Dataset
	for _, t := range b.Tasks() {
		found = append(found, datasetOf(ctx, b, t))
	}
	return found
}

// follow returns what follows the blocks of the plan: what did so before, as long as the blocks are the same.
func (r *Run) follow(plan *pipeline.Plan) *follow.Blocks {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blocks == nil || !r.blocks.Replan(plan.Tasks) {
		r.blocks = follow.Tasks(r.pipeline, r.server, plan.Tasks, r.log) // who still reads from the one before may go on
	}
	return r.blocks
}
