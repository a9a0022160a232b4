package test

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"volara/zarr"
	"volara/zarr/lazy"
)

// cmdMaterialise writes what operations show of an array, with its place in the world and what they make of the
// affinities' offsets: materialise SRC DST OP….
func cmdMaterialise(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: materialise SRC DST OP…")
	}
	ctx := context.Background()
	array, err := zarr.Open(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	defer array.Close()
	a, err := lazy.Of(array, zarr.Overrides{})
	ts.Check(err)
	meta := array.Metadata()
	_, err = meta.Attribute("neighborhood", &a.Neighborhood)
	ts.Check(err)
	ops, err := lazy.ParseOps(args[2:])
	ts.Check(err)
	a, err = ops.Apply(ctx, a)
	ts.Check(err)
	data, err := a.Read(ctx, make([]int, len(a.Shape())), a.Shape())
	ts.Check(err)
	attributes := a.Spatial.Attributes()
	if a.Neighborhood != nil {
		attributes["neighborhood"] = a.Neighborhood
	}
	out, err := zarr.Create(ctx, ts.MkAbs(args[1]), zarr.Spec{Shape: a.Shape(), Chunks: a.Chunks, DType: a.DType(), Attributes: attributes})
	ts.Check(err)
	ts.Check(out.Write(ctx, make([]int, len(a.Shape())), data))
	ts.Check(out.Close())
}
