package stages_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/config"
	"volara/geometry"
	"volara/graph"
	"volara/stages"
)

// A reference is what Volara made of a tiny volume: testdata/volara/make.py wrote it down. Labels are renumbered by
// first appearance; what a case does not keep is nil.
type reference struct {
	Tasks     map[string]json.RawMessage
	Fragments []uint64
	Nodes     [][]int64    // id, position, size
	Edges     [][]*float64 // u, v, adj, lr
	Starting  [][]int64    // fragments and segments of the starting table
	LUT       [][]int64    // fragments and segments
	Decisions [][3]int64   // merge, u, v
	Segments  []uint64
}

// better names the cases in which we differ from Volara on purpose, and the case whose edges are right there. Where
// aff-agglom's blocks cut fragments, Volara's means cover what one block and its context see; ours cover all, as Volara's
// do on the fragments' own blocks.
var better = map[string]string{"smaller_blocks": "plain"}

// TestVolara runs Volara's serialised tasks and demands Volara's results, for every rule of the tasks that has a case.
func TestVolara(t *testing.T) {
	files, err := filepath.Glob("testdata/volara/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no references: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			ref := readReference(t, file)
			if right, ok := better[strings.TrimSuffix(filepath.Base(file), ".json")]; ok {
				ref.Edges = readReference(t, filepath.Join(filepath.Dir(file), right+".json")).Edges
			}
			s := newSerial(t, t.TempDir())
			volumes, err := filepath.Abs("testdata/volara/volumes")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(volumes, filepath.Join(s.base, "volumes")); err != nil {
				t.Fatal(err)
			}
			ref.check(t, s)
		})
	}
}

func readReference(t *testing.T, file string) reference {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var ref reference
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	return ref
}

// check runs the case's tasks in order and compares after each.
func (ref *reference) check(t *testing.T, s *serial) {
	frags := decodeTask(t, ref.Tasks["extract-frags"], new(stages.ExtractFrags))
	ref.exclude(t, frags, s.run(frags))
	names := samePartition(t, "fragments", readLabels(t, frags.FragsData.Store), ref.Fragments)
	if src, ok := ref.Tasks["aff-agglom"]; ok {
		s.run(decodeTask(t, src, new(stages.AffAgglom)))
	}
	if src, ok := ref.Tasks["graph-mws"]; ok {
		mws := decodeTask(t, src, new(stages.GraphMWS))
		ref.writeStart(t, filepath.Join(s.base, "out", "start.npz"), names)
		s.run(mws)
		ref.checkLUT(t, mws.LUT.Path, names)
	}
	if src, ok := ref.Tasks["relabel"]; ok && ref.Segments != nil {
		relabel := decodeTask(t, src, new(stages.Relabel))
		s.run(relabel)
		samePartition(t, "segments", readLabels(t, relabel.SegData.Store), ref.Segments)
	}
	if ref.Nodes != nil {
		s.close()
		ref.checkGraph(t, frags.DB.Path, names)
	}
}

// exclude drops the fragments that Volara has in blocks without a mask voxel: an affinity of a voxel in the mask, beyond the
// block's face, joins voxels that are not. Here such blocks are not computed.
func (ref *reference) exclude(t *testing.T, task *stages.ExtractFrags, env *stages.Env) {
	t.Helper()
	if task.MaskData == nil {
		return
	}
	mask, dropped := readMask(t, task.MaskData.Store), map[int64]bool{}
	origin, shape := env.Plan.Grid.Total().Offset, env.Plan.Arrays["frags_data"].Shape
	for i := range ref.Fragments {
		voxel := unravel(i, shape).Mul(env.Plan.VoxelSize).Add(origin)
		b := env.Plan.Grid.AtPosition(env.Plan.Grid.Writers(geometry.NewRoi(voxel, env.Plan.VoxelSize)).Offset)
		if !mask.meets(b.WriteROI) {
			dropped[int64(ref.Fragments[i])] = true
			ref.Fragments[i] = 0
		}
	}
	ref.Nodes = slices.DeleteFunc(ref.Nodes, func(row []int64) bool { return row[0] > 0 && dropped[row[0]] })
}

func decodeTask[T stages.Stage](t *testing.T, src []byte, s T) T {
	t.Helper()
	root, err := config.Parse("task.json", src)
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Decode(s); err != nil {
		t.Fatal(err)
	}
	s.Common().Grid = stages.GridROI
	return s
}

func (ref reference) checkGraph(t *testing.T, path string, names map[int64]int64) {
	t.Helper()
	nodes, edges := readGraph(t, path)
	var wantNodes []graph.Node
	for _, row := range ref.Nodes {
		var position geometry.Coordinate
		for _, v := range row[1 : len(row)-1] {
			position = append(position, int(v))
		}
		wantNodes = append(wantNodes, graph.Node{ID: row[0], Position: position, Size: row[len(row)-1]})
	}
	compareNodes(t, nodes, wantNodes, names)
	var wantEdges []graph.Edge
	for _, row := range ref.Edges {
		e := graph.Edge{U: int64(*row[0]), V: int64(*row[1]), Values: make([]float64, 0, 3)}
		for _, v := range row[2:] {
			if v == nil {
				v = &graph.Absent
			}
			e.Values = append(e.Values, *v)
		}
		e.Values = append(e.Values[:1], graph.Absent, e.Values[1]) // Volara's own attribute distance is between the two
		wantEdges = append(wantEdges, e)
	}
	compareEdges(t, edges, wantEdges, names)
}

// writeStart writes the starting table in the names of our fragments.
func (ref reference) writeStart(t *testing.T, path string, names map[int64]int64) {
	t.Helper()
	if ref.Starting == nil {
		return
	}
	ours := map[int64]int64{}
	for a, b := range names {
		ours[b] = a
	}
	rename := func(row []int64) []int64 {
		out := make([]int64, len(row))
		for i, id := range row {
			out[i] = ours[id]
		}
		return out
	}
	lut, err := graph.NewLUT(rename(ref.Starting[0]), rename(ref.Starting[1]))
	if err == nil {
		err = lut.Write(path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkLUT demands that both tables part all fragments alike and hold the same decisions. A starting table's fragments
// that have no edge are in ours only.
func (ref reference) checkLUT(t *testing.T, path string, names map[int64]int64) {
	t.Helper()
	lut, err := graph.ReadLUT(path)
	if err != nil {
		t.Fatal(err)
	}
	if ref.Starting == nil && len(lut.Fragments) != len(ref.LUT[0]) {
		t.Errorf("LUT of %d fragments, want %d", len(lut.Fragments), len(ref.LUT[0]))
	}
	theirs, err := graph.NewLUT(ref.LUT[0], ref.LUT[1])
	if err != nil {
		t.Fatal(err)
	}
	var x, y []uint64
	for a, b := range names {
		if a != 0 {
			x, y = append(x, uint64(lut.Segment(a))), append(y, uint64(theirs.Segment(b)))
		}
	}
	samePartition(t, "LUT", x, y)
	var decisions []graph.LUTEdge
	for _, d := range ref.Decisions {
		decisions = append(decisions, graph.LUTEdge{Merge: d[0] == 1, U: d[1], V: d[2]})
	}
	compareDecisions(t, lut.Edges, decisions, names)
}
