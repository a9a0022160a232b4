package kernels

import (
	"slices"

	"volara/nd"
)

// rank makes modes, minima or maxima of windows.
func rank[T nd.Element](dst, src []T, w windows, m Downsampling) {
	choose := mode[T]
	switch m {
	case DownsampleMin:
		choose = least[T]
	case DownsampleMax:
		choose = greatest[T]
	}
	var values []T
	w.each(func(to int, from []int) {
		var a, b, c, d []T // the rows of windows of 2 by 2 by 2
		if w.step == 2 && len(from) == 4 {
			a, b, c, d = src[from[0]:][:w.width], src[from[1]:][:w.width], src[from[2]:][:w.width], src[from[3]:][:w.width]
		}
		for i := range w.coarse() {
			begin, end := w.window(i)
			if k := begin + 1; k < len(a) && k < len(b) && k < len(c) && k < len(d) {
				if v := a[k]; v == a[k-1] && v == b[k] && v == b[k-1] && v == c[k] && v == c[k-1] && v == d[k] && v == d[k-1] {
					dst[to+i] = v // as most windows of labels
					continue
				}
			}
			first := src[from[0]+begin]
			values = values[:0]
			same := true
			for _, r := range from {
				for _, v := range src[r+begin : r+end] {
					values = append(values, v)
					same = same && v == first
				}
			}
			if !same {
				first = choose(values)
			}
			dst[to+i] = first
		}
	})
}

// mode returns the most frequent value, of equally frequent ones the lowest. It sorts the values.
func mode[T nd.Element](values []T) T {
	if len(values) <= 32 {
		for i := 1; i < len(values); i++ {
			for k := i; k > 0 && compare(values[k], values[k-1]) < 0; k-- {
				values[k], values[k-1] = values[k-1], values[k]
			}
		}
	} else {
		slices.SortStableFunc(values, compare)
	}
	best, most := values[0], 0
	for i := 0; i < len(values); {
		k := i + 1
		for k < len(values) && compare(values[k], values[i]) == 0 {
			k++
		}
		if k-i > most {
			best, most = values[i], k-i
		}
		i = k
	}
	return best
}

// compare orders numbers; NaN is one value above all others.
func compare[T nd.Element](a, b T) int {
	switch {
	case a < b || a == a && b != b:
		return -1
	case a > b || a != a && b == b:
		return 1
	}
	return 0
}

func least[T nd.Element](values []T) T    { return slices.Min(values) }
func greatest[T nd.Element](values []T) T { return slices.Max(values) }

// strideOf takes the first voxel of every window, whatever its type.
func strideOf(dst, src *nd.Array, w windows) {
	size := src.DType().Size()
	w.each(func(to int, from []int) {
		out, row := dst.Bytes()[to*size:][:w.coarse()*size], src.Bytes()[from[0]*size:][:w.width*size]
		if w.step == 1 {
			copy(out, row)
			return
		}
		for i := range w.coarse() {
			copy(out[i*size:][:size], row[i*w.step*size:])
		}
	})
}
