package nd_test

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
)

var policies = []nd.Policy{nd.Exact, nd.Nearest, nd.Saturate, nd.Wrap, nd.AsType, nd.AsTypeX86}

// realTypes are those that are not complex.
var realTypes = allTypes[:len(allTypes)-2]

// wholeEdges are bits of 64-bit integers that floats do not have, or barely.
var wholeEdges = []uint64{math.MaxUint64, 1 << 63, 1<<63 - 1, 1<<63 + 1, 1<<53 + 1, 1<<53 - 1, 1<<24 + 1, 1<<63 + 1<<40, 1<<63 + 1<<39, 1 << 40,
	1<<64 - 1<<40, 1<<64 - 1<<39, 1<<64 - 1<<11, 3 << 38}

// A number is a fraction, or an infinity or NaN.
type number struct {
	*big.Rat
	special  float64
	negative bool // −0 too
}

func floatNumber(v float64) number {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return number{special: v, negative: v < 0}
	}
	return number{new(big.Rat).SetFloat64(v), 0, math.Signbit(v)}
}

// numberAt returns the first element.
func numberAt(a *nd.Array) number {
	b := a.Bytes()
	switch t := a.DType(); {
	case t == nd.Bool:
		return floatNumber(float64(min(b[0], 1)))
	case t == nd.Float16:
		return floatNumber(nd.HalfToFloat(nd.Values[uint16](a)[0]))
	case t == nd.Float32:
		return floatNumber(float64(nd.Values[float32](a)[0]))
	case t == nd.Float64:
		return floatNumber(nd.Values[float64](a)[0])
	case t.IsUnsigned():
		return number{Rat: new(big.Rat).SetUint64(word(b))}
	default:
		unused := 64 - 8*t.Size()
		v := int64(word(b)) << unused >> unused
		return number{Rat: new(big.Rat).SetInt64(v), negative: v < 0}
	}
}

// word reads an element's bits.
func word(b []byte) uint64 {
	w := make([]byte, 8)
	nd.Swap(w, append(make([]byte, 8-len(b)), reversed(b)...), nd.Uint64)
	return nd.Elements[uint64](w)[0]
}

func reversed(b []byte) []byte {
	b = slices.Clone(b)
	if nd.Elements[uint16]([]byte{1, 0})[0] == 1 { // little-endian
		slices.Reverse(b)
	}
	return b
}

var edges = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 1.5, 2.5, -0.5, -1.5, 127, 127.5, 128, 128.5, 255, 255.5, 256, -128, -128.5, -129, 32767.5, 65504, 65519, 65520, 65535.5,
	1 << 24, 1<<24 + 1, 1 << 31, 1<<31 - 1, -1 << 31, 1 << 32, 1<<32 + 7, 1 << 53, 1<<53 + 2, 1 << 63, 1<<63 - 1<<10, 1<<63 + 1<<11, -1 << 63, -1<<63 - 1<<12,
	1 << 64, 1<<64 - 1<<11, 1e30, 1e39, -1e39, 1e300, math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, -5e-324, 6e-8, math.MaxFloat32}

// TestCastsByArithmetic compares every cast of numbers near the edges of the types, and of random bits, with fractions.
func TestCastsByArithmetic(t *testing.T) {
	for _, from := range realTypes {
		list := nd.From(edges, len(edges)).As(from).Bytes()
		if from == nd.Int64 || from == nd.Uint64 {
			list = append(list, nd.From(wholeEdges, len(wholeEdges)).Bytes()...)
		}
		seen := map[string]bool{}
		for size := from.Size(); len(list) > 0; list = list[size:] {
			if src := list[:size]; !seen[string(src)] {
				seen[string(src)] = true
				checkCasts(t, nd.View(from, src, 1))
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SampledFrom(realTypes).Draw(t, "type")
		src := nd.New(from, 1)
		copy(src.Bytes(), rapid.SliceOfN(rapid.Byte(), from.Size(), from.Size()).Draw(t, "bytes"))
		checkCasts(t, src)
	})
}

// checkCasts casts one element to all types by all policies.
func checkCasts(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, src *nd.Array) {
	t.Helper()
	from, v := src.DType(), numberAt(src)
	for _, to := range realTypes {
		for _, p := range policies {
			want, refuse := rounded(v, to, p)
			if !to.IsFloat() {
				want, refuse = whole(v, from, to, p)
			}
			if from == to {
				want, refuse = v, false
			}
			dst := nd.New(to, 1)
			bad := nd.CasterOf(from, to, p)(dst.Bytes(), src.Bytes())
			if (bad == 0) != refuse || bad > 0 {
				t.Fatalf("%v of %v to %v by policy %d: refused %v", v, from, to, p, bad == 0)
			}
			if got := numberAt(dst); !refuse && !got.is(want, to.IsFloat()) {
				t.Fatalf("%v of %v to %v by policy %d: %v, want %v", v, from, to, p, got, want)
			}
		}
	}
}

// is reports whether two numbers are the same, −0 and 0 where signed zeros are told apart.
func (v number) is(w number, signedZero bool) bool {
	switch {
	case math.IsNaN(v.special) || math.IsNaN(w.special):
		return math.IsNaN(v.special) && math.IsNaN(w.special)
	case v.Rat == nil || w.Rat == nil:
		return v.Rat == nil && w.Rat == nil && v.special == w.special
	}
	return v.Cmp(w.Rat) == 0 && (!signedZero || v.negative == w.negative)
}

// whole returns what a cast to whole numbers, or to Bool, makes of a number.
func whole(v number, from, to nd.DType, p nd.Policy) (want number, refuse bool) {
	lo, hi := rangeOf(to)
	zero := new(big.Rat)
	if p >= nd.Wrap && to == nd.Bool {
		return floatNumber(float64(map[bool]int{v.Rat == nil || v.Sign() != 0: 1}[true])), false
	}
	r := v.Rat
	if r != nil {
		r = roundEven(r)
		if p >= nd.Wrap {
			r = truncated(v.Rat)
		}
	}
	fits := r != nil && r.Cmp(lo) >= 0 && r.Cmp(hi) <= 0
	switch {
	case p == nd.Exact && (!fits || r.Cmp(v.Rat) != 0), p == nd.Nearest && !fits:
		return want, true
	case fits:
		return number{Rat: r}, false
	case from.IsFloat() && p == nd.Wrap && (r == nil || !between(r, -1<<63, 1<<64)):
		return number{Rat: zero}, false
	case from.IsFloat() && p == nd.AsTypeX86 && (r == nil || !between(r, -1<<63, map[bool]float64{true: 1 << 64, false: 1 << 63}[to == nd.Uint64])):
		return number{Rat: modulo(new(big.Rat).SetFloat64(-1<<63), lo, hi)}, false
	case p == nd.Wrap, p == nd.AsTypeX86, !from.IsFloat() && p == nd.AsType:
		return number{Rat: modulo(r, lo, hi)}, false
	case math.IsNaN(v.special):
		return number{Rat: zero}, false
	case v.negative:
		return number{Rat: lo}, false
	}
	return number{Rat: hi}, false
}

// rounded returns what a cast to floats makes of a number.
func rounded(v number, to nd.DType, p nd.Policy) (want number, refuse bool) {
	if v.Rat == nil {
		return v, false
	}
	var f, largest float64
	switch to {
	case nd.Float64:
		f, _ = v.Float64()
	case nd.Float32:
		narrow, _ := v.Float32()
		f, largest = float64(narrow), math.MaxFloat32
	default:
		f, largest = nearestHalf(v.Rat), 65504
	}
	want = floatNumber(f)
	want.negative = v.negative
	switch {
	case p == nd.Exact && (want.Rat == nil || want.Cmp(v.Rat) != 0), p == nd.Nearest && want.Rat == nil:
		return want, true
	case p == nd.Saturate && want.Rat == nil:
		return floatNumber(math.Copysign(largest, f)), false
	}
	return want, false
}

// nearestHalf looks for a number among all halves.
func nearestHalf(v *big.Rat) float64 {
	size := new(big.Rat).Abs(v)
	at := func(h int) *big.Rat { // as if the largest were followed by another one
		if h == 0x7c00 {
			return big.NewRat(65536, 1)
		}
		return new(big.Rat).SetFloat64(nd.HalfToFloat(uint16(h)))
	}
	h := sort.Search(0x7c00, func(h int) bool { return at(h).Cmp(size) >= 0 })
	if h > 0 {
		below, above := new(big.Rat).Sub(size, at(h-1)), new(big.Rat).Sub(at(h), size)
		if c := below.Cmp(above); c < 0 || c == 0 && h%2 == 1 {
			h--
		}
	}
	return math.Copysign(nd.HalfToFloat(uint16(h)), float64(v.Sign()))
}

// rangeOf returns the least and the largest number of a type of whole numbers.
func rangeOf(t nd.DType) (lo, hi *big.Rat) {
	one, top := big.NewRat(1, 1), new(big.Rat).SetFloat64(math.Ldexp(1, 8*t.Size()))
	switch {
	case t == nd.Bool:
		return new(big.Rat), one
	case t.IsUnsigned():
		return new(big.Rat), top.Sub(top, one)
	}
	top.Quo(top, big.NewRat(2, 1))
	return new(big.Rat).Neg(top), new(big.Rat).Sub(top, one)
}

func between(v *big.Rat, lo, end float64) bool {
	return v.Cmp(new(big.Rat).SetFloat64(lo)) >= 0 && v.Cmp(new(big.Rat).SetFloat64(end)) < 0
}

// modulo brings a whole number into a range by multiples of its size.
func modulo(v, lo, hi *big.Rat) *big.Rat {
	size := new(big.Int).Add(new(big.Int).Sub(hi.Num(), lo.Num()), big.NewInt(1))
	n := new(big.Int).Sub(v.Num(), lo.Num())
	return new(big.Rat).SetInt(n.Add(n.Mod(n, size), lo.Num()))
}

func truncated(v *big.Rat) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Quo(v.Num(), v.Denom()))
}

// roundEven rounds to a whole number, ties to even.
func roundEven(v *big.Rat) *big.Rat {
	two := new(big.Int).Lsh(v.Denom(), 1)
	n := new(big.Int).Add(new(big.Int).Lsh(v.Num(), 1), v.Denom()) // (2p + q) / 2q, rounded down
	q, r := new(big.Int).DivMod(n, two, new(big.Int))
	if r.Sign() == 0 && q.Bit(0) == 1 {
		q.Sub(q, big.NewInt(1))
	}
	return new(big.Rat).SetInt(q)
}

// TestCastsByHand casts numbers that are easily got wrong.
func TestCastsByHand(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		src    *nd.Array
		policy nd.Policy
		want   *nd.Array
	}{
		{nd.From([]float64{2.5, -0.5, 300, nan, -inf}, 5), nd.Saturate, nd.From([]uint8{2, 0, 255, 0, 0}, 5)},
		{nd.From([]float64{254.9, -0.9, 300, nan, -inf}, 5), nd.AsType, nd.From([]uint8{254, 0, 255, 0, 0}, 5)},
		{nd.From([]float64{-1, 1 << 63, 1 << 64, inf, nan}, 5), nd.Wrap, nd.From([]uint64{math.MaxUint64, 1 << 63, 0, 0, 0}, 5)},
		{nd.From([]float64{-1, 1 << 63, 1 << 64, inf, nan}, 5), nd.AsTypeX86, nd.From([]uint64{math.MaxUint64, 1 << 63, 1 << 63, 1 << 63, 1 << 63}, 5)},
		{nd.From([]float64{-1, 1 << 63, 1e30, inf, nan}, 5), nd.AsTypeX86, nd.From([]int16{-1, 0, 0, 0, 0}, 5)},
		{nd.From([]int64{300, -1}, 2), nd.Wrap, nd.From([]uint8{44, 255}, 2)},
		{nd.From([]float64{1e300, -1e300}, 2), nd.Saturate, nd.From([]float32{math.MaxFloat32, -math.MaxFloat32}, 2)},
		{nd.From([]float64{1e300}, 1), nd.Wrap, nd.From([]float32{float32(inf)}, 1)},
		{nd.From([]float32{1e10, 1}, 2), nd.Saturate, nd.View(nd.Float16, nd.From([]uint16{0x7bff, 0x3c00}, 2).Bytes(), 2)},
		{nd.From([]float64{nan, 0, 1e-300}, 3), nd.AsType, nd.View(nd.Bool, []byte{1, 0, 1}, 3)},
		{nd.View(nd.Bool, []byte{0, 1, 2, 255}, 4), nd.Exact, nd.From([]int32{0, 1, 1, 1}, 4)},
		{nd.View(nd.Bool, []byte{0, 7}, 2), nd.Exact, nd.View(nd.Float16, nd.From([]uint16{0, 0x3c00}, 2).Bytes(), 2)},
		{nd.From([]uint32{5, 1 << 24}, 2), nd.Exact, nd.From([]complex64{5, 1 << 24}, 2)},
		{nd.From([]complex128{5 + 2i}, 1), nd.Exact, nd.From([]complex64{5 + 2i}, 1)},
		{nd.From([]complex64{3 + 2i, 4}, 2), nd.AsType, nd.From([]int8{3, 4}, 2)},
	} {
		got := nd.New(c.want.DType(), c.want.Len())
		bad := nd.CasterOf(c.src.DType(), got.DType(), c.policy)(got.Bytes(), c.src.Bytes())
		if bad >= 0 || !bytes.Equal(got.Bytes(), c.want.Bytes()) {
			t.Errorf("%v %v to %v by policy %d: %v, refused at %d", c.src.DType(), c.src.Bytes(), got.DType(), c.policy, got.Bytes(), bad)
		}
	}
}

// TestRefusedPlace looks for the first of the elements that are refused, far from the beginning and through all ways of casting.
func TestRefusedPlace(t *testing.T) {
	const n, place = 5000, 3333
	for _, from := range allTypes {
		for _, to := range allTypes {
			src := nd.From(make([]float64, n), n)
			nd.Values[float64](src)[place], nd.Values[float64](src)[place+1] = 96.5, 96.5
			if from.IsInteger() {
				nd.Values[float64](src)[place] = 96
			}
			src = src.As(from)
			// Refused are 96.5 as a whole number, and 96 as none.
			fails := to == nd.Bool && from != nd.Bool || to.IsInteger() && (from.IsFloat() || from.IsComplex())
			want := map[bool]int{true: place, false: -1}[fails]
			dst := nd.New(to, n)
			if got := nd.CasterOf(from, to, nd.Exact)(dst.Bytes(), src.Bytes()); got != want {
				t.Errorf("%v to %v: refused at %d, want %d", from, to, got, want)
			}
		}
	}
	src := make([]complex128, n)
	src[place], src[place-1] = 1i, 0.5
	dst := nd.New(nd.Int8, n)
	for _, c := range []struct {
		policy nd.Policy
		want   int
	}{{nd.Exact, place - 1}, {nd.Nearest, place}, {nd.Saturate, place}, {nd.Wrap, place}, {nd.AsType, -1}} {
		if got := nd.CasterOf(nd.Complex128, nd.Int8, c.policy)(dst.Bytes(), nd.From(src, n).Bytes()); got != c.want {
			t.Errorf("policy %d refuses at %d, want %d", c.policy, got, c.want)
		}
	}
}

// TestCastsInPlace casts elements that lie in the end of the result's memory, and none.
func TestCastsInPlace(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	for _, from := range allTypes {
		for _, to := range allTypes {
			for _, n := range []int{0, 1, 1023, 1024, 1025, 3000} {
				src, want := nd.New(from, n), nd.New(to, n)
				random.Read(src.Bytes()) //nolint:errcheck // never fails
				cast := nd.CasterOf(from, to, nd.AsType)
				if bad := cast(want.Bytes(), src.Bytes()); bad >= 0 {
					t.Fatalf("%v to %v: %d is refused", from, to, bad)
				}
				if to.Size() < from.Size() {
					continue
				}
				got := nd.New(to, n)
				end := got.Bytes()[n*(to.Size()-from.Size()):]
				copy(end, src.Bytes())
				if cast(got.Bytes(), end); !bytes.Equal(got.Bytes(), want.Bytes()) {
					t.Errorf("%d of %v to %v: other elements in place", n, from, to)
				}
			}
		}
	}
}

// TestHalvesInPieces demands that casting halves needs no memory of the array's size.
func TestHalvesInPieces(t *testing.T) {
	src, dst := nd.New(nd.Float16, 1<<20), nd.New(nd.Int32, 1<<20)
	cast := nd.CasterOf(nd.Float16, nd.Int32, nd.AsType)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cast(dst.Bytes(), src.Bytes())
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<17 {
		t.Errorf("%d bytes are allocated", n)
	}
}

// BenchmarkCast casts 64³ elements.
//
//	go test -run '^$' -bench Cast -benchmem ./nd
func BenchmarkCast(b *testing.B) {
	for _, c := range []struct {
		from, to nd.DType
		policies []nd.Policy
	}{
		{nd.Uint64, nd.Uint32, []nd.Policy{nd.Exact, nd.AsType}},
		{nd.Uint8, nd.Float32, []nd.Policy{nd.AsType}},
		{nd.Float32, nd.Uint8, policies[1:]},
		{nd.Float64, nd.Float32, []nd.Policy{nd.Nearest, nd.AsType}},
		{nd.Float32, nd.Float16, []nd.Policy{nd.Nearest, nd.AsType}},
		{nd.Float16, nd.Float32, []nd.Policy{nd.AsType}},
		{nd.Float16, nd.Int16, []nd.Policy{nd.AsType}},
	} {
		for _, p := range c.policies {
			b.Run(fmt.Sprintf("%v-%v-%d", c.from, c.to, p), func(b *testing.B) {
				const n = 64 * 64 * 64
				values := make([]float32, n)
				for i := range values {
					values[i] = float32(i % 251)
				}
				src, dst := nd.From(values, n).As(c.from), nd.New(c.to, n)
				cast := nd.CasterOf(c.from, c.to, p)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					cast(dst.Bytes(), src.Bytes())
				}
			})
		}
	}
}
