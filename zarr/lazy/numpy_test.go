package lazy_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"volara/nd"
	"volara/zarr/lazy"
)

// A numpyCase is one of those that testdata/make_numpy.py wrote.
type numpyCase struct {
	Ops                 []string
	DType               string `json:"dtype"`
	Shape               []int
	In                  string
	OutDType            string `json:"out_dtype"`
	OutShape            []int  `json:"out_shape"`
	Out, Other, In2     string
	input, output, more *nd.Array
}

func (c *numpyCase) load(t *testing.T) {
	t.Helper()
	array := func(dtype, data string, shape []int) *nd.Array {
		d, err := nd.ParseDType(dtype)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := hex.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		a := nd.New(d, shape...)
		if copy(a.Bytes(), raw) != len(raw) || len(raw) != len(a.Bytes()) {
			t.Fatalf("%d bytes for %v of %s", len(raw), shape, dtype)
		}
		return a
	}
	c.input, c.output = array(c.DType, c.In, c.Shape), array(c.OutDType, c.Out, c.OutShape)
	if c.Other != "" {
		c.more = array(c.Other, c.In2, c.Shape)
	}
}

func numpyCases(t *testing.T) []numpyCase {
	t.Helper()
	text, err := os.ReadFile("testdata/numpy.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []numpyCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestNumpy compares type and bits with what numpy computed.
func TestNumpy(t *testing.T) {
	cases := numpyCases(t)
	for i := range cases {
		c := &cases[i]
		c.load(t)
		a := of(c.input, 1)
		var err error
		if c.more != nil {
			a, err = lazy.Concat(a, of(c.more, 1))
		} else {
			a, err = parse(t, c.Ops...).Apply(context.Background(), a)
		}
		if err != nil {
			t.Errorf("%v of %s %v: %v", c.Ops, c.DType, c.Shape, err)
			continue
		}
		got := readAll(t, a)
		if got.DType() != c.output.DType() || !slices.Equal(got.Shape(), c.output.Shape()) {
			t.Errorf("%v of %s %v %s: %v of %v, want %v of %v", c.Ops, c.DType, c.Shape, c.Other, got.Shape(), got.DType(), c.OutShape, c.OutDType)
			continue
		}
		if at := differ(got, c.output); at >= 0 {
			t.Errorf("%v of %s %s, element %d: %x, want %x", c.Ops, c.DType, c.Other, at, element(got, at), element(c.output, at))
		}
	}
}

func element(a *nd.Array, i int) []byte {
	size := a.DType().Size()
	return a.Bytes()[i*size : (i+1)*size]
}

// differ returns the first element in which two arrays differ, −1 where there is none. All NaN are one.
func differ(a, b *nd.Array) int {
	for i := range a.Len() {
		if !bytes.Equal(element(a, i), element(b, i)) && !(isNaN(a, i) && isNaN(b, i)) {
			return i
		}
	}
	return -1
}

func isNaN(a *nd.Array, i int) bool {
	switch a.DType() {
	case nd.Float16:
		return math.IsNaN(nd.HalfToFloat(nd.Values[uint16](a)[i]))
	case nd.Float32:
		return math.IsNaN(float64(nd.Values[float32](a)[i]))
	case nd.Float64:
		return math.IsNaN(nd.Values[float64](a)[i])
	}
	return false
}
