package transfer

import (
	"math"
	"strings"
	"testing"

	"volara/nd"
)

// TestCastsByHand demands the values that each cast gives and refuses; nd's tests compare all of them with fractions.
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
		{nd.From([]float64{0.1, -1e39}, 2), nd.Float32, Nearest, "refused: -1e+39"},
		{nd.From([]float64{0.1, math.Inf(1)}, 2), nd.Float32, Nearest, "0.1 +Inf"},
		{nd.From([]float64{math.NaN(), math.Inf(-1), 0.5}, 3), nd.Float32, Exact, "NaN -Inf 0.5"},
		{nd.From([]int64{1<<53 + 1, -3}, 2), nd.Float64, Saturate, "9.007199254740992e+15 -3"},
		{nd.From([]uint8{1, 0, 2}, 3), nd.Bool, Nearest, "refused: 2"},
		{nd.From([]float64{0.4, 7, -1}, 3), nd.Bool, Saturate, "0 1 0"},
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
