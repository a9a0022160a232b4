package demo

import (
	"testing"

	"volara/geometry"
)

func TestBlockSize(t *testing.T) {
	for _, c := range []struct {
		shape []int
		want  geometry.Coordinate
	}{
		{[]int{512, 1024, 1024}, geometry.Coordinate{32, 64, 64}},
		{[]int{128, 256, 256}, geometry.Coordinate{32, 64, 64}},
		{[]int{64, 128, 128}, geometry.Coordinate{16, 32, 32}},
		{[]int{2, 3, 4}, geometry.Coordinate{8, 8, 8}},
		{[]int{4096, 4096}, geometry.Coordinate{256, 256}},
		{[]int{512, 512}, geometry.Coordinate{64, 64}},
		{[]int{5, 5}, geometry.Coordinate{8, 8}},
	} {
		if got := blockSize(c.shape, nanometres[3-len(c.shape):]); !got.Equal(c.want) {
			t.Errorf("shape %v: blocks of %v, want %v", c.shape, got, c.want)
		}
	}
}
