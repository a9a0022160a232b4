package geometry_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"volara/geometry"
)

// TestGridIsDaisys demands the blocks that daisy makes; testdata/daisy_blocks.py wrote them down.
func TestGridIsDaisys(t *testing.T) {
	data, err := os.ReadFile("testdata/daisy_blocks.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Total  geometry.Roi
		Block  geometry.Coordinate
		Low    geometry.Coordinate `json:"context_low"`
		High   geometry.Coordinate `json:"context_high"`
		Fit    geometry.Fit
		Blocks []struct{ Write, Read geometry.Roi }
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.Total, c.Block, c.Fit), func(t *testing.T) {
			g, err := geometry.NewGrid(c.Total, c.Block, c.Low, c.High, c.Fit)
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for i := range g.Len() {
				b := g.At(i)
				got = append(got, fmt.Sprint(b.WriteROI, b.ReadROI))
			}
			for _, b := range c.Blocks {
				want = append(want, fmt.Sprint(b.Write, b.Read))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("blocks\n%v\nwant\n%v", got, want)
			}
		})
	}
}
