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

	"golang.org/x/sys/unix"

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

// seconds holds how long each operation took, and under its name with "_cpu" how much processor time.
type seconds map[string]float64

func (s seconds) clock(name string, f func() error) error {
	start, cpu := time.Now(), cpuTime()
	err := f()
	s[name], s[name+"_cpu"] = time.Since(start).Seconds(), (cpuTime() - cpu).Seconds()
	return err
}

// cpuTime returns the processor time of the process so far.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
	s, err := measure(ctx, array, data, n)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s)
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

func measure(ctx context.Context, array *zarr.Array, data *nd.Array, n int) (seconds, error) {
	s := seconds{}
	if err := s.clock("write", func() error { return array.Write(ctx, []int{0, 0, 0}, data) }); err != nil {
		return nil, err
	}
	var whole *nd.Array
	err := s.clock("read", func() (err error) {
		whole, err = array.Read(ctx, []int{0, 0, 0}, cube(n))
		return err
	})
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(whole.Bytes(), data.Bytes()) {
		return nil, fmt.Errorf("what was read is not what was written")
	}
	offsets, edge := blocks(n)
	got := make([]*nd.Array, len(offsets))
	err = s.clock("unaligned", func() (err error) {
		for i, at := range offsets {
			if got[i], err = array.Read(ctx, at, cube(edge)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, at := range offsets {
		s["unaligned_bytes"] += float64(len(got[i].Bytes()))
		if !bytes.Equal(got[i].Bytes(), data.Crop(at, cube(edge)).Bytes()) {
			return nil, fmt.Errorf("what was read at %v is not what was written", at)
		}
	}
	return s, nil
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
