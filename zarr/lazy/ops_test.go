package lazy_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"volara/config"
	"volara/geometry"
	"volara/graph"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
)

// TestPlacesFollow applies operations on places to an array of shape (2, 6, 5, 4), whose voxels are (1, 2, 3) large and
// begin at (10, 20, 30).
func TestPlacesFollow(t *testing.T) {
	for ops, want := range map[string]struct {
		shape         []int
		voxel, offset []float64
		axes          string
		moved         bool
	}{
		"channels: 1":                        {[]int{6, 5, 4}, []float64{1, 2, 3}, []float64{10, 20, 30}, "z y x", false},
		"channels: [[1, 1, 0]]":              {[]int{3, 6, 5, 4}, []float64{1, 2, 3}, []float64{10, 20, 30}, "c0^ z y x", false},
		"channels: [1, 2]":                   {[]int{5, 4}, []float64{2, 3}, []float64{20, 30}, "y x", true},
		"channels: [1, '1:5:2']":             {[]int{2, 5, 4}, []float64{2, 2, 3}, []float64{11, 20, 30}, "z y x", false},
		"slice=..., 1:3":                     {[]int{2, 6, 5, 2}, []float64{1, 2, 3}, []float64{10, 20, 33}, "c0^ z y x", false},
		"slice=:, 5::-2, 1":                  {[]int{2, 3, 4}, []float64{2, 3}, []float64{11, 30}, "c0^ z x", true},
		"slice=0, 3, 2, 1":                   {[]int{}, nil, nil, "", true},
		"flip=x":                             {[]int{2, 6, 5, 4}, []float64{1, 2, 3}, []float64{10, 20, 30}, "c0^ z y x", true},
		"flip=c0":                            {[]int{2, 6, 5, 4}, []float64{1, 2, 3}, []float64{10, 20, 30}, "c0^ z y x", false},
		"crop: [[12, 0, 33], [100, 24, 3]]":  {[]int{2, 4, 2, 1}, []float64{1, 2, 3}, []float64{12, 20, 33}, "c0^ z y x", false},
		"crop: [[12, 22, 33], [2, 100, 99]]": {[]int{2, 2, 4, 3}, []float64{1, 2, 3}, []float64{12, 22, 33}, "c0^ z y x", false},
	} {
		a, err := parse(t, ops).Apply(context.Background(), of(nd.New(nd.Uint8, 2, 6, 5, 4), 1))
		if err != nil {
			t.Errorf("%s: %v", ops, err)
			continue
		}
		s := a.Spatial
		if !slices.Equal(a.Shape(), want.shape) || !slices.Equal(s.VoxelSize, want.voxel) || !slices.Equal(s.Offset, want.offset) ||
			strings.Join(s.AxisNames, " ") != want.axes || a.Moved != want.moved || len(a.Chunks) != len(want.shape) ||
			s.ChannelAxes != len(want.shape)-len(want.voxel) {
			t.Errorf("%s: %v, voxels of %v from %v, axes %v, moved %v, chunks %v, %d channel axes", ops, a.Shape(), s.VoxelSize, s.Offset,
				s.AxisNames, a.Moved, a.Chunks, s.ChannelAxes)
		}
		readAll(t, a)
	}
}

// TestCropsReadNothingBeyond demands that what was cropped away is not read, even by a box that reaches there.
func TestCropsReadNothingBeyond(t *testing.T) {
	data := nd.New(nd.Uint16, 8, 8)
	for i := range nd.Values[uint16](data) {
		nd.Values[uint16](data)[i] = uint16(i + 1)
	}
	a := of(data, 0)
	a.Source = memory{a: data, within: true}
	a, err := parse(t, "slice=2:6, 3:7", "scale_shift=1,0").Apply(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Read(context.Background(), []int{-2, 2}, []int{4, 4})
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{0, 0, 0, 0, 0, 0, 0, 0, 22, 23, 0, 0, 30, 31, 0, 0}
	if !slices.Equal(nd.Values[float32](got), want) {
		t.Errorf("%v, want %v", nd.Values[float32](got), want)
	}
}

// TestOutsideIsZero: operations apply to the voxels of the array only.
func TestOutsideIsZero(t *testing.T) {
	a, err := parse(t, "scale_shift=1,5", "flip=z", "invert").Apply(context.Background(), of(nd.New(nd.Uint8, 1, 2, 2), 1))
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Read(context.Background(), []int{0, -1, 1}, []int{1, 4, 2})
	if want := []float32{0, 0, -4, 0, -4, 0, 0, 0}; err != nil || !slices.Equal(nd.Values[float32](got), want) {
		t.Errorf("%v (%v), want %v", nd.Values[float32](got), err, want)
	}
}

func TestMistakes(t *testing.T) {
	for op, want := range map[string]string{
		"clpi=0,1":                        `did you mean "clip"`,
		"clip":                            "two bounds are needed",
		"clip=0":                          "two bounds are needed",
		"clip: [1, 0]":                    "the low bound is the higher one",
		"clip: [null, null]":              "without a bound",
		"clip: [a, 1]":                    "a number is needed",
		"astype=float":                    "no type of numbers",
		"astype: complex64":               "no type of numbers",
		"astype":                          "a type is needed",
		"scale_shift=1":                   "a list is needed",
		"scale_shift=1,2,3":               "2",
		"normalize=1,1":                   "must be less",
		"threshold":                       "a number is needed",
		"threshold: 99999999999999999999": "18446744073709551615",
		"invert=3":                        "no argument",
		"channels: []":                    "selects nothing",
		"channels: [[]]":                  "selects no channel",
		"channels: 1.5":                   "an index",
		"channels: [true]":                "an index",
		"channels: '3'":                   "is no slice",
		"channels: ':'":                   "",
		"slice=0:1:0":                     "step 0",
		"slice=a":                         "is no index and no slice",
		"slice=0:1:2:3":                   "is no index and no slice",
		"slice=..., ...":                  "may stand once",
		"flip: []":                        "axes are needed",
		"flip: [[0]]":                     "axes are needed",
		"flip: [z, 1]":                    "named twice",
		"flip: [7]":                       "no axis 7",
		"crop=":                           "a region is needed",
		"crop: [[0], [0]]":                "empty",
		"stack":                           "another array is needed",
		"stack={store: a.zarr}":           "the path of an array is needed here",
		"stack=/nowhere/at/all":           "no array",
		"lut":                             "a look-up table is needed",
		"lut: {path: a.npz, missing: 1}":  "keep (themselves) or 0",
		"lut: {missing: 0}":               `"path" is missing`,
		"ome_norm: 3":                     "path of the OME-Zarr group",
		"ome_norm=true":                   "belongs to no OME-Zarr image",
		"{clip: [0, 1], invert: true}":    "one name with its argument",
		"3":                               "one name with its argument",
		"":                                "is empty",
	} {
		list, err := lazy.ParseOps([]string{op})
		if err == nil {
			_, err = list.Apply(context.Background(), of(nd.New(nd.Uint8, 2, 3, 4), 1))
		}
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", op, err)
		case want == "":
		case err == nil:
			t.Errorf("%s: no error", op)
		case !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v\ndoes not say %q", op, err, want)
		}
	}
}

// TestOpsAreWrittenAsRead writes what was read, as JSON and as text, and reads it again.
func TestOpsAreWrittenAsRead(t *testing.T) {
	list := []string{"astype=uint8", "scale_shift=0.1,-3", "normalize", "normalize=0,7", "clip=0,1.0", "clip: [null, 18446744073709551615]", "clip: [-5, null]",
		"threshold=0.5", "threshold: -3", "invert", "channels=1", "channels: [[0, 2], 1]", "channels: '0:2'", "slice=0:3,:,::-1", "slice=...,3",
		"flip=z", "flip: [0, x]", "crop: [[1, 2], [3, 4]]", "lut=a.npz", "lut: {path: a.npy, missing: 0}", "ome_norm", "ome_norm=true", "ome_norm=a/b.zarr",
		"ome_norm: false", "stack=it's.zarr"}
	ops := parse(t, list...)
	text, err := json.Marshal(ops)
	if err != nil {
		t.Fatal(err)
	}
	root, err := config.Parse("ops.json", text)
	if err != nil {
		t.Fatal(err)
	}
	var again lazy.Ops
	if err := root.Decode(&again); err != nil {
		t.Fatal(err)
	}
	for i, op := range ops {
		third, err := lazy.ParseOp(lazy.String(op))
		if err != nil || lazy.String(op) != lazy.String(again[i]) || lazy.String(op) != lazy.String(third) {
			t.Errorf("%s: %s, %s, %v (%v)", list[i], lazy.String(op), lazy.String(again[i]), third, err)
		}
	}
}

func TestComplexNumbers(t *testing.T) {
	data := nd.New(nd.Complex128, 2, 3)
	for i := range data.Bytes() {
		data.Bytes()[i] = byte(i)
	}
	for _, op := range []string{"astype=float32", "scale_shift=1,0", "normalize=0,1", "clip=0,1", "threshold=0", "invert", "lut=a.npz"} {
		if _, err := parse(t, op).Apply(context.Background(), of(data, 1)); err == nil || !strings.Contains(err.Error(), "complex128") {
			t.Errorf("%s: %v", op, err)
		}
	}
	a, err := parse(t, "flip=z", "slice=:, ::2", "channels: [[1, 0]]").Apply(context.Background(), of(data, 1))
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, a)
	for i, from := range []int{5, 3, 2, 0} {
		if string(element(got, i)) != string(element(data, from)) {
			t.Errorf("element %d is %x", i, element(got, i))
		}
	}
}

func TestLUT(t *testing.T) {
	dir := t.TempDir()
	npz := filepath.Join(dir, "lut.npz")
	lut, err := graph.NewLUT([]int64{1, 2, 5, 7}, []int64{10, 10, 5, 1})
	if err == nil {
		err = lut.Write(npz)
	}
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const head = "\x93NUMPY\x01\x00\x36\x00"
	list := write("list.npy", head+"{'descr': '|u1', 'fortran_order': False, 'shape':(4,)}"+"\x00\x09\x08\x07")
	pairs := write("pairs.npy", head+"{'descr':'|u1', 'fortran_order':False, 'shape': (2,2)}"+"\x01\x05\x14\x05")
	cube := write("cube.npy", head+"{'descr':'|u1', 'fortran_order':False,'shape':(1,1,1)}"+"\x01")
	for op, want := range map[string][]uint64{
		"lut: " + npz: {0, 10, 10, 3, 5, 1, 200},
		"lut: " + strings.TrimSuffix(npz, ".npz"): {0, 10, 10, 3, 5, 1, 200},
		"lut: {path: " + npz + ", missing: 0}":    {0, 10, 10, 0, 5, 1, 0},
		"lut: {path: " + npz + ", missing: keep}": {0, 10, 10, 3, 5, 1, 200},
		"lut: " + list:                           {0, 9, 8, 7, 5, 7, 200},
		"lut: {path: " + list + ", missing: 0}":  {0, 9, 8, 7, 0, 0, 0},
		"lut: " + pairs:                          {0, 20, 2, 3, 5, 7, 200},
		"lut: {path: " + pairs + ", missing: 0}": {0, 20, 0, 0, 5, 0, 0},
	} {
		for _, dtype := range []string{"uint8", "int16", "int32", "int64", "uint16", "uint32", "uint64"} {
			a, err := parse(t, "astype="+dtype, op).Apply(context.Background(), of(nd.From([]uint8{0, 1, 2, 3, 5, 7, 200}, 7), 0))
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, a); a.DType() != nd.Uint64 || !slices.Equal(nd.Values[uint64](got), want) {
				t.Errorf("%s of %s: %v, want %v", op, dtype, nd.Values[uint64](got), want)
			}
		}
	}
	negative, err := parse(t, "lut="+npz).Apply(context.Background(), of(nd.From([]int8{1, -1}, 2), 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := negative.Read(context.Background(), []int{0}, []int{2}); err == nil || !strings.Contains(err.Error(), "label -1 is negative") {
		t.Errorf("%v", err)
	}
	late := filepath.Join(dir, "late.npz")
	a, err := parse(t, "lut="+late).Apply(context.Background(), of(nd.From([]uint8{5}, 1), 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read(context.Background(), []int{0}, []int{1}); !os.IsNotExist(rootOf(err)) {
		t.Errorf("a table that is not there: %v", err)
	}
	if err := lut.Write(late); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Read(context.Background(), []int{0}, []int{1}); err != nil || nd.Values[uint64](got)[0] != 5 {
		t.Errorf("a table that came later: %v", err)
	}
	broken, err := parse(t, "lut="+cube).Apply(context.Background(), of(nd.From([]uint8{5}, 1), 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := broken.Read(context.Background(), []int{0}, []int{1}); err == nil || !strings.Contains(err.Error(), "shape [1 1 1]") {
		t.Errorf("%v", err)
	}
}

func rootOf(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

// TestOMENorm takes the windows of an image's channels, wherever the axis of channels stands.
func TestOMENorm(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	image := func(axes, channels string) string {
		return `{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", "multiscales": [{"axes": [` + axes +
			`], "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1, 1]}]}]}], "omero": {"channels": [` + channels + `]}}}}`
	}
	const axes = `{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}`
	const two = `{"color": "FFFFFF", "window": {"min": 0, "max": 10, "start": 0, "end": 1}}, {"color": "FFFFFF", "window": {"min": 2, "max": 4, "start": 0, "end": 1}}`
	write("image/zarr.json", image(axes, two))
	write("empty/zarr.json", image(axes, `{"color": "FFFFFF", "window": {"min": 3, "max": 3, "start": 0, "end": 1}}, `+two))
	write("one/zarr.json", image(axes, `{"color": "FFFFFF", "window": {"min": 0, "max": 10, "start": 0, "end": 1}}`))
	write("none/zarr.json", strings.Replace(image(axes, two), `"omero"`, `"other"`, 1))
	data := nd.From([]uint8{0, 5, 2, 3, 10, 20, 4, 5}, 2, 2, 1, 2)
	array, err := zarr.Create(context.Background(), filepath.Join(dir, "image/0"), zarr.Spec{Shape: data.Shape(), Chunks: data.Shape(), DType: nd.Uint8})
	if err == nil {
		err = array.Write(context.Background(), []int{0, 0, 0, 0}, data)
	}
	if err != nil {
		t.Fatal(err)
	}
	if array, err = zarr.Open(context.Background(), filepath.Join(dir, "image")); err != nil {
		t.Fatal(err)
	}
	apply := func(ops ...string) (lazy.Array, error) {
		a, err := lazy.Of(array, zarr.Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, ops...).Apply(context.Background(), a)
	}
	want := []float32{0, 0.5, 0, 0.5, 1, 2, 1, 1.5}
	for _, op := range []string{"ome_norm=true", "ome_norm", "ome_norm=" + filepath.Join(dir, "image")} {
		a, err := apply(op)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, a); !slices.Equal(nd.Values[float32](got), want) {
			t.Errorf("%s: %v, want %v", op, nd.Values[float32](got), want)
		}
		part, err := a.Read(context.Background(), []int{1, 1, 0, 1}, []int{2, 2, 1, 1})
		if err != nil || !slices.Equal(nd.Values[float32](part), []float32{1.5, 0, 0, 0}) {
			t.Errorf("%s: a part and what lies beyond: %v, %v", op, nd.Values[float32](part), err)
		}
	}
	for says, ops := range map[string][]string{
		"the window from 3 to 3 is empty": {"ome_norm=" + filepath.Join(dir, "empty")},
		"1 windows for 2 channels":        {"ome_norm=" + filepath.Join(dir, "one")},
		"no omero metadata":               {"ome_norm=" + filepath.Join(dir, "none")},
		"must come before channels":       {"channels: 0", "channels: [[1]]", "ome_norm=true"},
	} {
		if _, err := apply(ops...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", ops, err)
		}
	}
	if a, err := apply("ome_norm: false"); err != nil || a.DType() != nd.Uint8 {
		t.Errorf("ome_norm: false: %v, %v", a.DType(), err)
	}
}

// TestStackPlaces refuses arrays that do not lie behind each other.
func TestStackPlaces(t *testing.T) {
	a, b := of(nd.New(nd.Uint8, 2, 3, 4), 1), of(nd.New(nd.Int64, 1, 3, 4), 1)
	b.Spatial.Offset = slices.Clone(b.Spatial.Offset)
	b.Spatial.Offset[1]++
	if _, err := lazy.Concat(a, b); err == nil || !strings.Contains(err.Error(), "along y") {
		t.Errorf("%v", err)
	}
	wide, err := lazy.Concat(of(nd.New(nd.Uint64, 2, 3), 0), of(nd.New(nd.Int8, 4, 3), 0))
	if err != nil || wide.DType() != nd.Float64 || len(wide.Warnings) != 1 || !wide.Moved || !slices.Equal(wide.Shape(), []int{6, 3}) {
		t.Errorf("%v, %v, %v", wide.DType(), wide.Warnings, err)
	}
	if _, err := lazy.Concat(of(nd.New(nd.Complex64, 2, 3), 0), of(nd.New(nd.Uint8, 2, 3), 0)); err == nil {
		t.Error("complex and whole numbers are stacked")
	}
	both, err := lazy.Concat(of(nd.New(nd.Complex64, 2, 3), 0), of(nd.New(nd.Complex64, 2, 3), 0))
	if err != nil || readAll(t, both).Len() != 12 {
		t.Errorf("%v", err)
	}
	if _, err := lazy.Concat(a, of(nd.New(nd.Uint8, 2, 3, 4), 0)); err == nil || !strings.Contains(err.Error(), "axis 0 is of type channel") {
		t.Errorf("%v", err)
	}
	described := lazy.Described("planned", []int{2, 3, 4}, nd.Uint8, spatial(3, 1), []int{1, 1, 1})
	both, err = lazy.Concat(a, described)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := both.Read(context.Background(), []int{0, 0, 0}, []int{4, 1, 1}); err == nil || !strings.Contains(err.Error(), "does not exist yet") {
		t.Errorf("%v", err)
	}
	if _, err := both.Read(context.Background(), []int{0, 0, 0}, []int{2, 1, 1}); err != nil {
		t.Errorf("the array that is there: %v", err)
	}
}

// TestConcurrentReads reads one array from many goroutines.
func TestConcurrentReads(t *testing.T) {
	data := nd.New(nd.Uint16, 3, 40, 40, 40)
	for i := range nd.Values[uint16](data) {
		nd.Values[uint16](data)[i] = uint16(i * 31)
	}
	a, err := parse(t, "channels: [[2, 0]]", "flip=y", "astype=float16", "scale_shift=0.5,1", "slice=..., ::2", "astype=uint8").Apply(context.Background(), of(data, 1))
	if err != nil {
		t.Fatal(err)
	}
	want := readAll(t, a)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 4 {
				offset, shape := []int{0, i * 4, k * 3, 0}, []int{2, 12, 20, 18}
				got, err := a.Read(context.Background(), offset, shape)
				part := nd.New(nd.Uint8, shape...)
				if err == nil {
					err = memory{a: want}.ReadInto(context.Background(), part, offset)
				}
				if err != nil || !slices.Equal(got.Bytes(), part.Bytes()) {
					t.Errorf("box at %v differs: %v", offset, err)
				}
			}
		})
	}
	all.Wait()
}

// TestBoxesAreChecked: a box of the wrong kind is an error, not a panic.
func TestBoxesAreChecked(t *testing.T) {
	for _, op := range []string{"invert", "flip=z", "channels: [[0]]"} {
		a, err := parse(t, op).Apply(context.Background(), of(nd.New(nd.Uint8, 2, 3, 4), 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.ReadInto(context.Background(), nd.New(nd.Uint16, 1, 1, 1), []int{0, 0, 0}); err == nil {
			t.Errorf("%s: uint8 is read as uint16", op)
		}
		if err := a.ReadInto(context.Background(), nd.New(nd.Uint8, 1, 1), []int{0, 0}); err == nil {
			t.Errorf("%s: a box of 2 dimensions", op)
		}
		if got, err := a.Read(context.Background(), []int{0, 1, 1}, []int{1, 0, 2}); err != nil || got.Len() != 0 {
			t.Errorf("%s: an empty box: %v", op, err)
		}
		if _, err := a.Read(context.Background(), []int{math.MinInt32, 0, 0}, []int{1, 1, 1}); err != nil {
			t.Errorf("%s: far away: %v", op, err)
		}
	}
	a, err := lazy.Ops{&lazy.Crop{ROI: geometry.NewRoi([]int{10, 20}, []int{1, 2})}}.Apply(context.Background(), of(nd.New(nd.Uint8, 3, 4), 0))
	if err != nil || !slices.Equal(a.Shape(), []int{1, 1}) {
		t.Errorf("%v, %v", a.Shape(), err)
	}
}

func FuzzParseOp(f *testing.F) {
	for _, text := range []string{"clip=0,1", "channels: [[0, 1], 2]", "slice=0:3,...,::-2", "flip=z,y", "crop: [[0, 0], [4, 4]]", "astype=float16",
		"threshold=1e3", "normalize", "lut: {path: a, missing: 0}", "scale_shift=0.5,-1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		op, err := lazy.ParseOp(text)
		if err != nil || op.Name() == "stack" || op.Name() == "ome_norm" || op.Name() == "lut" {
			return
		}
		again, err := lazy.ParseOp(lazy.String(op))
		if err != nil || lazy.String(again) != lazy.String(op) {
			t.Fatalf("%q is written as %q and read as %v: %v", text, lazy.String(op), again, err)
		}
		a, err := op.Apply(context.Background(), of(nd.New(nd.Int16, 2, 5, 4), 1))
		if err != nil {
			return
		}
		if nd.Len(a.Shape()) > 1<<20 {
			return
		}
		if _, err := a.Read(context.Background(), make([]int, len(a.Shape())), a.Shape()); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
