package lazy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/zarr/lazy"
)

var types = []nd.DType{nd.Bool, nd.Int8, nd.Int16, nd.Int32, nd.Int64, nd.Uint8, nd.Uint16, nd.Uint32, nd.Uint64, nd.Float16, nd.Float32, nd.Float64}

// draw makes an array of few different elements, bits of any kind.
func draw(t *rapid.T, shape []int) *nd.Array {
	a := nd.New(rapid.SampledFrom(types).Draw(t, "type"), shape...)
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	size := a.DType().Size()
	kinds := make([][]byte, 40)
	for i := range kinds {
		kinds[i] = make([]byte, size)
		for k := range size {
			kinds[i][k] = byte(rng.Uint32())
		}
		if a.DType() == nd.Bool {
			kinds[i][0] &= 1
		}
		if i%2 == 0 && a.DType().IsInteger() { // a small number
			clear(kinds[i][1:])
			kinds[i][0] &= 0x7f
		}
	}
	for i := range a.Len() {
		copy(element(a, i), kinds[rng.IntN(len(kinds))])
	}
	return a
}

// drawOp draws an operation that an array allows.
func drawOp(t *rapid.T, a lazy.Array) string {
	shape := a.Shape()
	for {
		switch rapid.IntRange(0, 9).Draw(t, "op") {
		case 0:
			return "astype: " + rapid.SampledFrom(types).Draw(t, "to").String()
		case 1:
			return fmt.Sprintf("scale_shift: [%g, %g]", rapid.Float32Range(-2, 2).Draw(t, "scale"), rapid.Float32Range(-9, 9).Draw(t, "shift"))
		case 2:
			return "normalize: [3, 90]"
		case 3:
			return rapid.SampledFrom([]string{"clip: [0, 100]", "clip: [-3.5, null]", "clip: [null, 77]"}).Draw(t, "clip")
		case 4:
			return rapid.SampledFrom([]string{"threshold: 3", "threshold: 0.1", "threshold: -7"}).Draw(t, "threshold")
		case 5:
			return "invert"
		case 6:
			if a.Spatial.ChannelAxes > 0 {
				n := shape[0]
				if one := rapid.SliceOfN(rapid.IntRange(-n, n-1), 0, 4).Draw(t, "channels"); len(one) > 0 {
					return fmt.Sprintf("channels: [[%s]]", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(one)), ", "), "[]"))
				}
				return fmt.Sprintf("channels: %d", rapid.IntRange(-n, n-1).Draw(t, "channel"))
			}
		case 7:
			items := make([]string, len(shape))
			for d, n := range shape {
				lo := rapid.IntRange(0, n-1).Draw(t, "start")
				hi := rapid.IntRange(lo+1, n).Draw(t, "stop")
				step := rapid.SampledFrom([]int{1, 1, 1, 2, 3, 7, -1, -2}).Draw(t, "step")
				switch {
				case rapid.IntRange(0, 7).Draw(t, "index") == 0 && len(shape) > 1:
					items[d] = fmt.Sprint(lo)
				case step > 0:
					items[d] = fmt.Sprintf("%d:%d:%d", lo, hi, step)
				case lo == 0:
					items[d] = fmt.Sprintf("%d::%d", hi-1, step)
				default:
					items[d] = fmt.Sprintf("%d:%d:%d", hi-1, lo-1, step)
				}
			}
			if slices.ContainsFunc(items, func(s string) bool { return strings.Contains(s, ":") }) {
				return "slice: '" + strings.Join(items, ", ") + "'"
			}
		case 8:
			if len(shape) > 0 {
				return fmt.Sprintf("flip: %d", rapid.IntRange(-len(shape), len(shape)-1).Draw(t, "axis"))
			}
		case 9:
			if k := len(a.Spatial.VoxelSize); k > 0 {
				var offset, extent []string
				for i, d := range a.Spatial.Physical() {
					from := rapid.IntRange(-2, shape[d]-1).Draw(t, "from")
					n := rapid.IntRange(max(1, 1-from), shape[d]+2).Draw(t, "length")
					if s := a.Spatial; s.Offset[i] != float64(int(s.Offset[i])) {
						return "invert"
					}
					offset = append(offset, fmt.Sprint(int(a.Spatial.Offset[i])+from*int(a.Spatial.VoxelSize[i])))
					extent = append(extent, fmt.Sprint(n*int(a.Spatial.VoxelSize[i])))
				}
				return fmt.Sprintf("crop: [[%s], [%s]]", strings.Join(offset, ", "), strings.Join(extent, ", "))
			}
		}
	}
}

// slowly applies one operation to a whole array: on values element by element, each in an array of its own; on places
// index by index.
func slowly(t *rapid.T, in *nd.Array, before, after lazy.Array, op lazy.Op, text string) *nd.Array {
	out := nd.New(after.DType(), after.Shape()...)
	switch op.Name() {
	case "channels", "slice", "flip", "crop":
		for i := range out.Len() {
			copy(element(out, i), element(in, origin(t, text, before, after, i)))
		}
		return out
	}
	known := map[string][]byte{}
	for i := range out.Len() {
		key := string(element(in, i))
		if known[key] == nil {
			one := nd.New(in.DType(), 1)
			copy(one.Bytes(), element(in, i))
			a, err := op.Apply(context.Background(), of(one, 0))
			if err != nil {
				t.Fatal(err)
			}
			r, err := a.Read(context.Background(), []int{0}, []int{1})
			if err != nil {
				t.Fatal(err)
			}
			known[key] = r.Bytes()
		}
		copy(element(out, i), known[key])
	}
	return out
}

// origin returns the element of the array before an operation on places that element i after it is, by what the text says.
func origin(t *rapid.T, text string, before, after lazy.Array, i int) int {
	at := make([]int, len(after.Shape()))
	for d := len(at) - 1; d >= 0; d-- {
		at[d], i = i%after.Shape()[d], i/after.Shape()[d]
	}
	n := 0
	for d, k := range placeBefore(t, text, before, at) {
		if k < 0 || k >= before.Shape()[d] {
			t.Fatalf("%s of %v: element %v is %d along axis %d", text, before.Shape(), at, k, d)
		}
		n = n*before.Shape()[d] + k
	}
	return n
}

// placeBefore returns where an element lay before an operation, in the words of drawOp.
func placeBefore(t *rapid.T, text string, before lazy.Array, at []int) []int {
	number := func(s string) int {
		n, err := strconv.Atoi(strings.Trim(s, "[]' "))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	shape := before.Shape()
	modulo := func(i, n int) int { return (i + n) % n } // Python's negative indices
	name, argument, _ := strings.Cut(text, ": ")
	from := slices.Clone(at)
	switch {
	case name == "flip":
		axis := modulo(number(argument), len(shape))
		from[axis] = shape[axis] - 1 - at[axis]
	case name == "channels" && strings.HasPrefix(argument, "["):
		from[0] = modulo(number(strings.Split(argument, ",")[at[0]]), shape[0])
	case name == "channels":
		from = append([]int{modulo(number(argument), shape[0])}, at...)
	case name == "slice":
		from = nil
		for _, item := range strings.Split(argument, ",") {
			parts := strings.Split(item, ":")
			k := number(parts[0])
			if len(parts) > 1 {
				k, at = k+at[0]*number(parts[2]), at[1:]
			}
			from = append(from, k)
		}
	case name == "crop":
		offset, _, _ := strings.Cut(argument, "],")
		for i, d := range before.Spatial.Physical() {
			world := number(strings.Split(offset, ",")[i]) - int(before.Spatial.Offset[i])
			from[d] += max(0, world/int(before.Spatial.VoxelSize[i]))
		}
	}
	return from
}

// TestChains reads boxes of random chains of operations, in the array and beyond it, and compares with the operations
// done one after the other on the whole array. What numpy makes of one operation is TestNumpy's.
func TestChains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "axes")
		shape := make([]int, n)
		for d := range shape {
			shape[d] = rapid.IntRange(1, []int{0, 1500, 40, 12, 6}[n]).Draw(t, "length")
		}
		whole := draw(t, shape)
		a := of(whole, rapid.IntRange(0, n-1).Draw(t, "channel axes"))
		var chain []string
		for range rapid.IntRange(0, 5).Draw(t, "ops") {
			text := drawOp(t, a)
			op, err := lazy.ParseOp(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			after, err := op.Apply(context.Background(), a)
			if err != nil {
				t.Fatalf("%s of %v: %v", text, a.Shape(), err)
			}
			whole = slowly(t, whole, a, after, op, text)
			a, chain = after, append(chain, text)
		}
		for range 3 {
			offset, box := make([]int, len(a.Shape())), make([]int, len(a.Shape()))
			for d, n := range a.Shape() {
				offset[d] = rapid.IntRange(-2, n).Draw(t, "offset")
				box[d] = rapid.IntRange(0, n+2-offset[d]).Draw(t, "box")
			}
			got, err := a.Read(context.Background(), offset, box)
			if err != nil {
				t.Fatalf("%v: %v", chain, err)
			}
			want := nd.New(whole.DType(), box...)
			if err := (memory{a: whole}).ReadInto(context.Background(), want, offset); err != nil {
				t.Fatal(err)
			}
			if at := differ(got, want); at >= 0 {
				t.Fatalf("%v, box of %v at %v: element %d is %x, want %x", chain, box, offset, at, element(got, at), element(want, at))
			}
		}
	})
}
