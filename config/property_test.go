package config_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"volara/config"
	"volara/geometry"
)

type everything struct {
	Bool   bool                `json:"bool"`
	I8     int8                `json:"i8"`
	I      int64               `json:"i"`
	U8     uint8               `json:"u8"`
	U      uint64              `json:"u"`
	F32    float32             `json:"f32"`
	F      float64             `json:"f"`
	S      string              `json:"s"`
	P      *string             `json:"p"`
	L      [][]int             `json:"l"`
	A      [2]float64          `json:"a"`
	M      map[string]*float64 `json:"m"`
	C      geometry.Coordinate `json:"c"`
	R      *geometry.Roi       `json:"r"`
	D      config.Duration     `json:"d"`
	Nested []struct {
		Fit fit             `json:"fit"`
		Raw json.RawMessage `json:"raw"`
	} `json:"nested"`
}

// What encoding/json writes of a struct decodes to the same struct, through either parser.
func TestJSONComesBack(t *testing.T) {
	finite := rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) })
	coordinate := func(t *rapid.T, n int) geometry.Coordinate {
		return rapid.SliceOfN(rapid.IntRange(0, 1<<40), n, n).Draw(t, "coordinate")
	}
	rapid.Check(t, func(t *rapid.T) {
		in := everything{
			Bool: rapid.Bool().Draw(t, "bool"), I8: rapid.Int8().Draw(t, "i8"), I: rapid.Int64().Draw(t, "i"),
			U8: rapid.Uint8().Draw(t, "u8"), U: rapid.Uint64().Draw(t, "u"), F: finite.Draw(t, "f"),
			F32: rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32).Draw(t, "f32"), S: rapid.String().Draw(t, "s"),
			P: rapid.Ptr(rapid.String(), true).Draw(t, "p"),
			L: rapid.SliceOf(rapid.SliceOf(rapid.Int())).Draw(t, "l"),
			A: [2]float64{finite.Draw(t, "a0"), finite.Draw(t, "a1")},
			M: rapid.MapOf(rapid.String(), rapid.Ptr(finite, true)).Draw(t, "m"),
			D: config.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "d")),
		}
		n := rapid.IntRange(1, geometry.MaxDims).Draw(t, "n")
		in.C = coordinate(t, n)
		if rapid.Bool().Draw(t, "roi") {
			in.R = &geometry.Roi{Offset: coordinate(t, n), Shape: coordinate(t, n)}
		}
		for range rapid.IntRange(0, 3).Draw(t, "nested") {
			in.Nested = append(in.Nested, struct {
				Fit fit             `json:"fit"`
				Raw json.RawMessage `json:"raw"`
			}{"shrink", json.RawMessage(`{"a":[1,"x"]}`)})
		}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		root, err := config.Parse("x.json", text)
		if err != nil {
			t.Fatal(err)
		}
		var out everything
		if err := root.Decode(&out); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("in  %+v\nout %+v", in, out)
		}
		var again everything
		if err := json.Unmarshal(root.JSON(), &again); err != nil || !reflect.DeepEqual(in, again) {
			t.Fatalf("in %+v\nJSON() %s: %v", in, root.JSON(), err)
		}
	})
}
