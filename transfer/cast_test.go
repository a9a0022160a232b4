package transfer

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
)

// exactly returns a real value as a fraction, or the infinity or NaN that it is.
func exactly(t tb, a *nd.Array, i int) (*big.Rat, float64) {
	text := valueAt(a, i)
	switch text {
	case "NaN":
		return nil, math.NaN()
	case "+Inf":
		return nil, math.Inf(1)
	case "-Inf":
		return nil, math.Inf(-1)
	}
	switch a.DType() {
	case nd.Float32:
		return new(big.Rat).SetFloat64(float64(nd.Values[float32](a)[i])), 0
	case nd.Float64:
		return new(big.Rat).SetFloat64(nd.Values[float64](a)[i]), 0
	case nd.Float16:
		return new(big.Rat).SetFloat64(nd.HalfToFloat(nd.Values[uint16](a)[i])), 0
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q", text)
	}
	return r, 0
}

// bounds returns the range of a type of whole numbers.
func bounds(t nd.DType) (lo, hi *big.Rat) {
	bits := uint(8 * t.Size())
	top := new(big.Int).Lsh(big.NewInt(1), bits)
	switch {
	case t == nd.Bool:
		return new(big.Rat), big.NewRat(1, 1)
	case t.IsUnsigned():
		return new(big.Rat), new(big.Rat).SetInt(top.Sub(top, big.NewInt(1)))
	}
	top.Rsh(top, 1)
	return new(big.Rat).SetInt(new(big.Int).Neg(top)), new(big.Rat).SetInt(new(big.Int).Sub(top, big.NewInt(1)))
}

var realTypes = []nd.DType{nd.Bool, nd.Int8, nd.Int16, nd.Int32, nd.Int64, nd.Uint8, nd.Uint16, nd.Uint32, nd.Uint64, nd.Float16, nd.Float32, nd.Float64}

// interesting sets a value to one near the edges of the types.
func interesting(t *rapid.T, a *nd.Array) {
	edges := []float64{0, 1, -1, 0.5, 1.5, 2.5, -0.5, 127, 128, 255, 256, -128, -129, 32767.5, 65504, 65520, 65535.5, 1 << 24, 1<<24 + 1, 1 << 31, 1<<31 - 1, -1 << 31, 1 << 32,
		1 << 53, 1<<53 + 2, 1 << 63, -1 << 63, 1 << 64, 1e30, 1e39, 1e300, math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, 6e-8}
	v := rapid.SampledFrom(edges).Draw(t, "value")
	switch a.DType() {
	case nd.Float16:
		nd.Values[uint16](a)[0] = nd.FloatToHalf(v)
	case nd.Float32:
		nd.Values[float32](a)[0] = float32(v)
	case nd.Float64:
		nd.Values[float64](a)[0] = v
	case nd.Int64:
		nd.Values[int64](a)[0] = rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 1<<53 + 1, -1, 1 << 24}).Draw(t, "int64")
	case nd.Uint64:
		nd.Values[uint64](a)[0] = rapid.SampledFrom([]uint64{math.MaxUint64, 1 << 63, 1<<63 - 1, 1<<53 + 1}).Draw(t, "uint64")
	}
}

// TestCastsByArithmetic compares with fractions, one value at a time.
func TestCastsByArithmetic(t *testing.T) {
	for range 20 {
		rapid.Check(t, castByArithmetic)
	}
}

func castByArithmetic(t *rapid.T) {
	src := random(rapid.Uint64().Draw(t, "seed"), rapid.SampledFrom(realTypes).Draw(t, "from"), []int{1})
	if rapid.Bool().Draw(t, "interesting") {
		interesting(t, src)
	}
	dst := nd.New(rapid.SampledFrom(realTypes).Draw(t, "to"), 1)
	c := rapid.SampledFrom([]Cast{Exact, Nearest, Saturate}).Draw(t, "cast")
	bad := convert(dst, src, c)
	v, special := exactly(t, src, 0)
	if dst.DType().IsFloat() {
		checkFloat(t, dst, v, special, c, bad)
		return
	}
	lo, hi := bounds(dst.DType())
	rounded := roundEven(v)
	fits := v != nil && rounded.Cmp(lo) >= 0 && rounded.Cmp(hi) <= 0
	refuse := c == Exact && (!fits || rounded.Cmp(v) != 0) || c == Nearest && !fits
	if (bad >= 0) != refuse {
		t.Fatalf("%s to %v, %s: refused %v", valueAt(src, 0), dst.DType(), c, bad >= 0)
	}
	if refuse {
		return
	}
	want := rounded
	switch {
	case v == nil && special != special:
		want = new(big.Rat)
	case !fits && (v == nil && special < 0 || v != nil && v.Sign() < 0):
		want = lo
	case !fits:
		want = hi
	}
	if got, _ := exactly(t, dst, 0); got.Cmp(want) != 0 {
		t.Fatalf("%s to %v, %s: %v, want %v", valueAt(src, 0), dst.DType(), c, got, want)
	}
}

// roundEven rounds to a whole number, ties to even.
func roundEven(v *big.Rat) *big.Rat {
	if v == nil {
		return nil
	}
	two := new(big.Int).Lsh(v.Denom(), 1)
	n := new(big.Int).Add(new(big.Int).Lsh(v.Num(), 1), v.Denom()) // (2p + q) / 2q, rounded down
	q, r := new(big.Int).DivMod(n, two, new(big.Int))
	if r.Sign() == 0 && q.Bit(0) == 1 {
		q.Sub(q, big.NewInt(1))
	}
	return new(big.Rat).SetInt(q)
}

func checkFloat(t *rapid.T, dst *nd.Array, v *big.Rat, special float64, c Cast, bad int) {
	got, gotSpecial := exactly(t, dst, 0)
	switch {
	case v == nil:
		if bad >= 0 || got != nil || gotSpecial != special && special == special {
			t.Fatalf("%v became %v", special, got)
		}
	case c == Exact:
		if bad < 0 && (got == nil || got.Cmp(v) != 0) {
			t.Fatalf("%v became %v", v, got)
		}
	case bad >= 0:
		if c != Nearest {
			t.Fatalf("%v is refused", v)
		}
	case got == nil:
		t.Fatalf("%v became infinite", v)
	}
}

func TestCastsByHand(t *testing.T) {
	for _, c := range []struct {
		src  *nd.Array
		to   nd.DType
		cast Cast
		want string
	}{
		{nd.From([]float64{2.5, -0.5, 300, math.NaN(), math.Inf(-1)}, 5), nd.Uint8, Saturate, "2 0 255 0 0"},
		{nd.From([]float64{3, 2.5}, 2), nd.Uint8, Exact, "refused: 2.5"},
		{nd.From([]float64{3, 2.5, 256}, 3), nd.Uint8, Nearest, "refused: 256"},
		{nd.From([]uint64{math.MaxUint64}, 1), nd.Float32, Nearest, "1.8446744e+19"},
		{nd.From([]uint64{1<<53 + 1}, 1), nd.Float64, Exact, "refused: 9007199254740993"},
		{nd.From([]int64{-1}, 1), nd.Uint64, Saturate, "0"},
		{nd.From([]uint32{5}, 1), nd.Complex64, Exact, "(5+0i)"},
		{nd.From([]complex128{5 + 0i, 1 + 2i}, 2), nd.Int8, Saturate, "refused: (1+2i)"},
		{nd.From([]complex128{5 + 2i}, 1), nd.Complex64, Exact, "(5+2i)"},
		{nd.From([]float64{1e300}, 1), nd.Float32, Saturate, "3.4028235e+38"},
		{nd.From([]float32{1e10}, 1), nd.Float16, Saturate, "65504"},
		{nd.From([]float32{0.1}, 1), nd.Float16, Exact, "refused: 0.1"},
		{nd.From([]float32{-1, -0.9, 255.7, 256, 3e9, -257}, 6), nd.Uint8, Wrap, "255 0 255 0 0 255"},
		{nd.From([]float64{128, -129.5, 65536 + 7}, 3), nd.Int8, Wrap, "-128 127 7"},
		{nd.From([]float64{-1, 1 << 63, 1 << 64, math.Inf(1), math.NaN()}, 5), nd.Uint64, Wrap, "18446744073709551615 9223372036854775808 0 0 0"},
		{nd.From([]float64{1 << 31, -1 << 63, 1 << 63}, 3), nd.Int64, Wrap, "2147483648 -9223372036854775808 -9223372036854775808"},
	} {
		dst := nd.New(c.to, c.src.Len())
		var got []string
		if bad := convert(dst, c.src, c.cast); bad >= 0 {
			got = []string{"refused:", valueAt(c.src, bad)}
		} else {
			for i := range dst.Len() {
				got = append(got, valueAt(dst, i))
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%v to %v, %s: %s, want %s", c.src.DType(), c.to, c.cast, text, c.want)
		}
	}
}
