package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"volara/geometry"
	"volara/nd"
	"volara/stages"
)

// Scaffold returns a commented pipeline file, to be written to file, that segments the affinities at path, with block
// sizes chosen for them. Paths below the file's folder become relative.
func Scaffold(ctx context.Context, path, file string) ([]byte, error) {
	spec, err := stages.NewSpecs().Array(ctx, &stages.Dataset{Store: path})
	if err != nil {
		return nil, &InputError{err}
	}
	if spec.ChannelAxes() != 1 {
		return nil, inputErrorf("%s has shape %v with %d channel axes: it is no array of affinities (one channel axis, then space).\n"+
			"Predict affinities from raw data first: prediction is not built yet, any tool that writes zarr will do", path, spec.Shape, spec.ChannelAxes())
	}
	s, err := newScaffold(spec, path, file)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := scaffoldTemplate.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("write the pipeline file: %w", err)
	}
	return []byte(b.String()), nil
}

type scaffold struct {
	File, Name, Affs, About string
	container               string // of the outputs
	Guessed                 bool   // the array has no neighborhood of its own
	Offsets, Bias           string
	Groups                  []offsetGroup
	Dims                    int
	Block, Context          string
}

// Out returns the path of an output, quoted.
func (s *scaffold) Out(name string) string { return strconv.Quote(s.container + "/" + name) }

// An offsetGroup is a score: direct neighbours, or long-range ones.
type offsetGroup struct {
	Name, Offsets string
	Bias          float64
}

func newScaffold(spec stages.ArraySpec, path, file string) (*scaffold, error) {
	if !geometry.Coordinate(spec.Shape).All(func(n int) bool { return n > 0 }) {
		return nil, inputErrorf("%s is empty (shape %v)", path, spec.Shape)
	}
	offsets := spec.Neighborhood
	if offsets == nil {
		var err error
		if offsets, err = guessOffsets(spec, path); err != nil {
			return nil, err
		}
	}
	reach := geometry.Fill(spec.Dims(), 0)
	for _, o := range offsets {
		reach = reach.Max(o).Max(o.Neg())
	}
	rel, err := filepath.Rel(filepath.Dir(file), path)
	if err != nil || strings.HasPrefix(rel, "..") {
		rel = path
	}
	name := stem(file)
	if !validName.MatchString(name) {
		name = "segment"
	}
	groups, bias := groupOffsets(offsets)
	return &scaffold{
		File: filepath.Base(file), Name: name, Affs: strconv.Quote(rel), container: stem(path) + "-segmented.zarr",
		About:   fmt.Sprintf("%v %v, voxel size %v", spec.Shape, spec.DType, spec.VoxelSize),
		Guessed: spec.Neighborhood == nil, Offsets: offsetList(offsets), Bias: bias, Groups: groups,
		Dims: spec.Dims(), Block: list(blockFor(spec, reach)), Context: list(reach),
	}, nil
}

// guessOffsets makes up offsets for an array that names none: direct neighbours, then every fourth voxel further.
func guessOffsets(spec stages.ArraySpec, path string) ([]geometry.Coordinate, error) {
	offsets := directOffsets(spec.Dims())
	if spec.Shape[0] < len(offsets) {
		return nil, inputErrorf("%s has %d channels and no neighborhood attribute; give it one (a list of offsets, one a channel)", path, spec.Shape[0])
	}
	for len(offsets) < spec.Shape[0] {
		n := len(offsets)
		offsets = append(offsets, offsets[n%spec.Dims()].Mul(geometry.Fill(spec.Dims(), n/spec.Dims()*4)))
	}
	return offsets, nil
}

func directOffsets(dims int) []geometry.Coordinate {
	var offsets []geometry.Coordinate
	for d := range dims {
		o := geometry.Fill(dims, 0)
		o[d] = 1
		offsets = append(offsets, o)
	}
	return offsets
}

// groupOffsets makes a score of the direct neighbours and one of the long-range ones, and gives every offset the bias of
// its group.
func groupOffsets(offsets []geometry.Coordinate) (groups []offsetGroup, bias string) {
	var near, far []geometry.Coordinate
	var biases []string
	for _, o := range offsets {
		if o.All(func(v int) bool { return v >= -1 && v <= 1 }) {
			near = append(near, o)
			biases = append(biases, "-0.4")
		} else {
			far = append(far, o)
			biases = append(biases, "-0.7")
		}
	}
	if near != nil {
		groups = append(groups, offsetGroup{"adj_weight", offsetList(near), -0.4})
	}
	if far != nil {
		groups = append(groups, offsetGroup{"lr_weight", offsetList(far), -0.7})
	}
	return groups, "[" + strings.Join(biases, ", ") + "]"
}

// blockFor chooses a block shape: whole chunks, grown along the axis where context weighs most, until the affinities
// of a block with context take about 64 MiB or the block covers the data.
func blockFor(spec stages.ArraySpec, context geometry.Coordinate) geometry.Coordinate {
	chunks := geometry.Coordinate(spec.Chunks[1:])
	shape := spec.SpatialShape()
	block := chunks.Min(geometry.Fill(len(chunks), 64)).Min(shape)
	perVoxel := int64(spec.Shape[0]) * int64(max(spec.DType.Size(), nd.Float32.Size()))
	for block.Add(context).Add(context).Prod()*perVoxel*2 < 128<<20 {
		axis, worst := -1, 0.0
		for d := range block {
			if block[d] >= shape[d] {
				continue
			}
			if w := (float64(context[d]) + 1) / float64(block[d]); w > worst {
				axis, worst = d, w
			}
		}
		if axis < 0 {
			break
		}
		block[axis] *= 2
	}
	return block
}

func list(c geometry.Coordinate) string {
	return strings.NewReplacer("(", "[", ")", "]").Replace(c.String())
}

func offsetList(offsets []geometry.Coordinate) string {
	parts := make([]string, len(offsets))
	for i, o := range offsets {
		parts[i] = list(o)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

var scaffoldTemplate = template.Must(template.New("pipeline").Parse(`# Segments {{.Affs}} ({{.About}}).
#   volara plan {{.File}}        shows what would be done, and writes nothing
#   volara up {{.File}}          does it; run again, it goes on where it was
#   volara up --roi … {{.File}}  tries a region first; its blocks count for the whole later
name: {{.Name}}

datasets:
  affs:
    store: {{.Affs}}
{{- if .Guessed}}
    # The array names no neighborhood. These offsets are a guess: put in those that your network was trained with.
{{- end}}
    neighborhood: {{.Offsets}}
  fragments: {store: {{.Out "fragments"}}}
  segments: {store: {{.Out "segments"}}}

dbs:
  rag:
    path: {{.Out "rag.sqlite"}}
    ndim: {{.Dims}}
    edge_attrs: { {{- range $i, $g := .Groups}}{{if $i}}, {{end}}{{$g.Name}}: float{{end -}} }

luts:
  segments: {path: {{.Out "lut.npz"}}}

tasks:
  # Fragments (supervoxels): a mutex watershed in each block.
  - task_type: extract-frags
    affs_data: affs
    frags_data: fragments
    db: rag
    block_size: {{.Block}}   # voxels
    context: {{.Context}}    # voxels read around a block: the largest offset
    # Added to the affinities, one value an offset: above 0 merges, below 0 splits. Higher values merge more.
    bias: {{.Bias}}
    remove_debris: 20        # voxels; smaller fragments become background

  # Edges: the mean affinity between touching fragments.
  - task_type: aff-agglom
    affs_data: affs
    frags_data: fragments
    db: rag
    block_size: {{.Block}}
    scores:
{{- range .Groups}}
      {{.Name}}: {{.Offsets}}
{{- end}}

  # Segments: a mutex watershed of the whole graph. score = weight · attribute + bias.
  - task_type: graph-mws
    db: rag
    lut: segments
    weights:
{{- range .Groups}}
      {{.Name}}: [1.0, {{.Bias}}]
{{- end}}

  # Every fragment's voxels get the id of its segment.
  - task_type: relabel
    frags_data: fragments
    seg_data: segments
    lut: segments
    block_size: {{.Block}}
`))
