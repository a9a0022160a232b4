package kernels

import (
	"math"

	"volara/nd"
)

const (
	gaussianTruncate = 4.0   // standard deviations
	gaussianNone     = 1e-15 // a sigma up to here leaves its axis alone
	gaussianTile     = 64    // lines filtered together
)

// GaussianFilter writes to dst the values of src smoothed by a Gaussian with a standard deviation of sigma[d] voxels
// along axis d; 0 leaves an axis alone. shape may have a channel axis, with sigma 0. dst may be src.
//
// It does as scipy.ndimage.gaussian_filter does with its defaults: the kernel ends at 4 sigma, the volume continues
// beyond its faces as its mirror image (d c b a | a b c d | d c b a), axes are filtered one after the other in
// float64, and each pass is rounded to T.
func GaussianFilter[T float32 | float64](dst, src []T, shape []int, sigma []float64) {
	n := nd.Len(shape)
	mustFit("destination", len(dst), n)
	mustFit("source", len(src), n)
	mustFit("sigma", len(sigma), len(shape))
	copy(dst, src)
	if n == 0 {
		return
	}
	pitch := nd.Strides(shape)
	for d, s := range sigma {
		if s > gaussianNone {
			filterAxis(dst, shape[d], pitch[d], gaussianWeights(s))
		}
	}
}

// gaussianWeights returns the weights at distances 0, 1, … from the centre.
func gaussianWeights(sigma float64) []float64 {
	w := make([]float64, int(gaussianTruncate*sigma+0.5)+1)
	sum := 0.0
	for i := range w {
		w[i] = math.Exp(-0.5 / (sigma * sigma) * float64(i*i))
		sum += 2 * w[i]
	}
	sum -= w[0]
	for i := range w {
		w[i] /= sum
	}
	return w
}

// filterAxis filters an axis of the given length, whose elements are pitch apart, in place. Lines that lie side by
// side in memory are taken together, line elements in rows of a padded tile.
func filterAxis[T float32 | float64](values []T, length, pitch int, w []float64) {
	radius := len(w) - 1
	tile := make([]float64, (length+2*radius)*gaussianTile)
	source := mirrorIndex(length, radius)
	for block := 0; block < len(values); block += length * pitch {
		for first := 0; first < pitch; first += gaussianTile {
			lines := min(gaussianTile, pitch-first)
			for k, i := range source {
				row := values[block+i*pitch+first:][:lines]
				for j, v := range row {
					tile[k*gaussianTile+j] = float64(v)
				}
			}
			for i := range length {
				filterRow(values[block+i*pitch+first:][:lines], tile[i*gaussianTile:], w)
			}
		}
	}
}

// filterRow computes one element of each line; the tile begins radius rows before it.
func filterRow[T float32 | float64](dst []T, tile []float64, w []float64) {
	radius := len(w) - 1
	var acc [gaussianTile]float64
	sum := acc[:len(dst)]
	for j, v := range tile[radius*gaussianTile:][:len(dst)] {
		sum[j] = v * w[0]
	}
	for r := radius; r > 0; r-- {
		before, after := tile[(radius-r)*gaussianTile:][:len(dst)], tile[(radius+r)*gaussianTile:][:len(dst)]
		for j := range sum {
			sum[j] += float64((before[j] + after[j]) * w[r])
		}
	}
	for j, v := range sum {
		dst[j] = T(v)
	}
}

// mirrorIndex returns the elements that stand at −radius … length+radius−1 of a line that is mirrored at its ends.
func mirrorIndex(length, radius int) []int {
	index := make([]int, length+2*radius)
	for k := range index {
		i := (k - radius) % (2 * length)
		if i < 0 {
			i += 2 * length
		}
		index[k] = min(i, 2*length-1-i)
	}
	return index
}
