// Command zarr is this project's side of scripts/bench/zarr.sh: it writes a cube of voxels as an array, reads it whole
// and in blocks that do not meet chunk borders, and prints how long each took.
//
//	zarr DATA N TYPE CODEC CHUNK SHARD PATH
//
// DATA holds N³ little-endian voxels of TYPE; CODEC is none, zstd or blosc; CHUNK and SHARD are edges, SHARD 0 for none.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"volara/nd"
	"volara/zarr"
)

func main() {
	if len(os.Args) != 8 {
		fmt.Fprintln(os.Stderr, "usage: zarr DATA N TYPE CODEC CHUNK SHARD PATH")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type result struct {
	Write          float64 `json:"write"`
	Read           float64 `json:"read"`
	Unaligned      float64 `json:"unaligned"`
	UnalignedBytes int     `json:"unaligned_bytes"`
}

func run(ctx context.Context, args []string) error {
	dtype, err := nd.ParseDType(args[2])
	if err != nil {
		return err
	}
	edges := make([]int, 3) // of the cube, a chunk, a shard
	for i, at := range []int{1, 4, 5} {
		if edges[i], err = strconv.Atoi(args[at]); err != nil {
			return err
		}
	}
	n := edges[0]
	spec := zarr.Spec{Shape: cube(n), Chunks: cube(edges[1]), DType: dtype, Codec: args[3]}
	if spec.Codec == "none" {
		spec.Codec = "raw"
	}
	if edges[2] > 0 {
		spec.Shards = cube(edges[2])
	}
	data, err := load(args[0], dtype, n)
	if err != nil {
		return err
	}
	array, err := zarr.Create(ctx, args[6], spec)
	if err != nil {
		return err
	}
	defer array.Close()
	r, err := measure(ctx, array, data, n)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func cube(edge int) []int { return []int{edge, edge, edge} }

func load(path string, dtype nd.DType, n int) (*nd.Array, error) {
	a := nd.New(dtype, n, n, n)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.ReadAt(a.Bytes(), 0); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return a, nil
}

func measure(ctx context.Context, array *zarr.Array, data *nd.Array, n int) (r result, err error) {
	start := time.Now()
	if err := array.Write(ctx, []int{0, 0, 0}, data); err != nil {
		return r, err
	}
	r.Write = time.Since(start).Seconds()
	start = time.Now()
	whole, err := array.Read(ctx, []int{0, 0, 0}, cube(n))
	if err != nil {
		return r, err
	}
	r.Read = time.Since(start).Seconds()
	if !bytes.Equal(whole.Bytes(), data.Bytes()) {
		return r, fmt.Errorf("what was read is not what was written")
	}
	offsets, edge := blocks(n)
	got := make([]*nd.Array, len(offsets))
	start = time.Now()
	for i, at := range offsets {
		if got[i], err = array.Read(ctx, at, cube(edge)); err != nil {
			return r, err
		}
	}
	r.Unaligned = time.Since(start).Seconds()
	for i, at := range offsets {
		r.UnalignedBytes += len(got[i].Bytes())
		if !bytes.Equal(got[i].Bytes(), data.Crop(at, cube(edge)).Bytes()) {
			return r, fmt.Errorf("what was read at %v is not what was written", at)
		}
	}
	return r, nil
}

// blocks returns the corners and the edge of eight boxes of 3/8 of the cube's edge, less one, at odd corners.
func blocks(n int) (corners [][]int, edge int) {
	for i := range 8 {
		corners = append(corners, []int{
			37*n/512 + (i>>2&1)*n/6, 101*n/512 + (i>>1&1)*n/6, 211*n/512 + (i&1)*n/6,
		})
	}
	return corners, n*3/8 - 1
}
