package demo

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"strings"
	"text/template"

	"volara/geometry"
)

//go:embed pipeline.yaml.tmpl
var recipe string

// pipeline writes the pipeline file, but not over one that somebody has changed.
func (w writer) pipeline(context.Context) error {
	o := DefaultAffinities(w.Voxel, w.Seed)
	n := len(w.Shape)
	values := map[string]any{
		"Seed":     w.Seed,
		"Shape":    list(w.Shape),
		"Voxel":    list(w.Voxel),
		"Dims":     n,
		"Block":    list(blockSize(w.Shape, w.Voxel)),
		"Context":  list(reach(o.Offsets)),
		"Near":     lists(o.Offsets[:n]),
		"Far":      lists(o.Offsets[n:]),
		"NearBias": nearBias,
		"FarBias":  farBias,
		"Bias":     strings.Join(append(repeat(nearBias, n), repeat(farBias, len(o.Offsets)-n)...), ", "),
		"Debris":   debris,
	}
	t, err := template.New("pipeline.yaml").Option("missingkey=error").Parse(recipe)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, values); err != nil {
		return err
	}
	there, err := os.ReadFile(w.files.Pipeline)
	if err == nil && !bytes.Equal(there, text.Bytes()) {
		return fmt.Errorf("%s is there and was changed: %w; move it away, or choose another folder", w.files.Pipeline, os.ErrExist)
	}
	return writeFile(w.files.Pipeline, text.Bytes())
}

// Where an affinity turns from repulsion to attraction, negated: for direct neighbours and for farther ones. The
// long-range affinities decide; direct ones may only join.
const (
	nearBias = "-0.4"
	farBias  = "-0.7"
)

// debris is the size in voxels below which fragments are dropped.
const debris = 8

// blockSize returns a block shape that is good for large volumes, halved along the longest world axis until a small
// one has more than fifty blocks.
func blockSize(shape []int, voxel geometry.Coordinate) geometry.Coordinate {
	const enough, least = 50, 8
	block := geometry.Coordinate{32, 64, 64}
	if len(shape) == 2 {
		block = geometry.Coordinate{256, 256}
	}
	for geometry.Coordinate(shape).CeilDiv(block).Prod() <= enough {
		axis := -1
		for d, b := range block {
			if b > least && (axis < 0 || b*voxel[d] > block[axis]*voxel[axis]) {
				axis = d
			}
		}
		if axis < 0 {
			break
		}
		block[axis] /= 2
	}
	return block
}

// reach returns the largest component of the offsets along each axis.
func reach(offsets []geometry.Coordinate) geometry.Coordinate {
	far := geometry.Fill(len(offsets[0]), 0)
	for _, o := range offsets {
		far = far.Max(o).Max(o.Neg())
	}
	return far
}

// list writes a coordinate as YAML does.
func list(c []int) string {
	return "[" + strings.Trim(strings.ReplaceAll(fmt.Sprint(c), " ", ", "), "[]") + "]"
}

func lists(offsets []geometry.Coordinate) string {
	each := make([]string, len(offsets))
	for i, o := range offsets {
		each[i] = list(o)
	}
	return "[" + strings.Join(each, ", ") + "]"
}

func repeat(s string, n int) []string {
	return strings.Split(strings.Repeat(s+" ", n)[:n*(len(s)+1)-1], " ")
}
