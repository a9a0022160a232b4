package view

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"volara/blockmap"
	"volara/config"
	"volara/geometry"
	"volara/picture"
	"volara/pipeline"
)

// How much of a block's colour its pixels take, and, where blocks are large enough to have one, those of its edge.
const (
	overlayTint = 0.35
	overlayEdge = 0.9
	edgedBlock  = 6 // pixels
)

// Overlay lays the blocks of a task over a picture, each in the colour of its state, and says in a sentence what is shown.
// The picture's array must be placed in the world of the pipeline. Mistakes of the user's are *pipeline.InputErrors.
func (r *Run) Overlay(ctx context.Context, p *picture.Picture, task string) (string, error) {
	plan, err := r.pipeline.Plan(ctx, pipeline.Selection{})
	if err != nil {
		return "", err
	}
	t, err := chosen(plan, task)
	if err != nil {
		return "", &pipeline.InputError{Err: err}
	}
	grid, physical := t.Plan.Grid, p.Frame.Place.Physical()
	if grid.Dims() != len(physical) || grid.Len() > mostBlocks {
		return "", &pipeline.InputError{Err: fmt.Errorf("the %d blocks of %s have %d axes, the picture's array has %d of space and time: they cannot be laid over it",
			grid.Len(), t.Name, grid.Dims(), len(physical))}
	}
	b := r.follow([]*pipeline.TaskPlan{t})
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refresh(ctx); err != nil {
		return "", err
	}
	count := map[blockmap.State]int{}
	m := b.maps[t.Name]
	for at, length := range grid.Writers(shownWorld(p.Frame)).Rows() {
		for i := range length {
			position := at.Clone()
			position[len(position)-1] += i
			block := grid.AtPosition(position)
			begin, end := worldFloats(block.WriteROI.Offset), worldFloats(block.WriteROI.End())
			if rect, ok := p.Frame.Rect(begin, end); ok {
				state := m.State(block.Index)
				count[state]++
				tint(p.Image, rect, state.Colour())
			}
		}
	}
	return overlaid(t.Name, count), nil
}

// chosen returns the task that is meant: the one named, or the only one.
func chosen(plan *pipeline.Plan, task string) (*pipeline.TaskPlan, error) {
	var names []string
	for _, t := range plan.Tasks {
		if t.Name == task || task == "" && len(plan.Tasks) == 1 {
			return t, nil
		}
		names = append(names, t.Name)
	}
	if task == "" {
		return nil, fmt.Errorf("which task's blocks? --task with one of %s", strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("no task is named %q; %s", task, config.Suggest(task, names))
}

// shownWorld returns a region in whole world units that holds all that a picture shows.
func shownWorld(f picture.Frame) geometry.Roi {
	var begin, end geometry.Coordinate
	for i, axis := range f.Place.Physical() {
		from := f.Place.Offset[i] + float64(f.Box.Offset[axis])*f.Place.VoxelSize[i]
		begin = append(begin, int(math.Floor(from)))
		end = append(end, int(math.Ceil(from+float64(f.Box.Shape[axis])*f.Place.VoxelSize[i])))
	}
	return geometry.FromCorners(begin, end)
}

func worldFloats(c geometry.Coordinate) []float64 {
	out := make([]float64, len(c))
	for i, v := range c {
		out[i] = float64(v)
	}
	return out
}

// tint gives the pixels of a block its colour, those at its edge more of it.
func tint(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	edged := r.Dx() >= edgedBlock && r.Dy() >= edgedBlock
	inside := r.Intersect(img.Rect)
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			share := overlayTint
			if edged && (x == r.Min.X || y == r.Min.Y || x == r.Max.X-1 || y == r.Max.Y-1) {
				share = overlayEdge
			}
			was := img.RGBAAt(x, y)
			img.SetRGBA(x, y, color.RGBA{mix(was.R, c.R, share), mix(was.G, c.G, share), mix(was.B, c.B, share), 255})
		}
	}
}

func mix(a, b uint8, share float64) uint8 {
	return uint8(float64(a)*(1-share) + float64(b)*share + 0.5)
}

// overlaid says how many blocks of each state are shown.
func overlaid(task string, count map[blockmap.State]int) string {
	var parts []string
	for s := blockmap.Computed; s <= blockmap.Failed; s++ {
		if count[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", count[s], s))
		}
	}
	if parts == nil {
		return fmt.Sprintf("no block of %s is in the picture", task)
	}
	return fmt.Sprintf("blocks of %s: %s", task, strings.Join(parts, ", "))
}
