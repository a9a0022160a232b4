package codec_test

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"syscall"
	"testing"

	"volara/nd"
	"volara/zarr/codec"
)

var benchData = flag.String("data", "", "directory with em<n>.u1 and labels<n>.u8, n³ little-endian elements, for the benchmarks")

// benchCodecs are measured on both kinds of data; scripts/bench/codecs.py measures numcodecs with the same list.
var benchCodecs = []string{
	`{"id": "zstd", "level": 1}`,
	`{"id": "zstd", "level": 3}`,
	`{"id": "zstd", "level": 5}`,
	`{"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}`,
	`{"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 2}`,
	`{"id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 1}`,
	`{"id": "blosc", "cname": "blosclz", "clevel": 5, "shuffle": 1}`,
	`{"id": "lz4", "acceleration": 1}`,
	`{"id": "gzip", "level": 5}`,
	`{"id": "zlib", "level": 1}`,
	`{"id": "bz2", "level": 1}`,
	`{"id": "shuffle", "elementsize": 8}`,
	`{"id": "crc32c"}`,
}

// benchFilters are measured on the labels.
var benchFilters = []string{`{"id": "delta", "dtype": "<u8"}`, `{"id": "delta", "dtype": "<u8", "astype": "<u4"}`,
	`{"id": "astype", "encode_dtype": "<u4", "decode_dtype": "<u8"}`, `{"id": "fletcher32"}`}

// BenchmarkCodec measures encoding and decoding, in MB/s of the array by the clock and (cpuMB/s) by processor time, and how
// many times smaller the array becomes.
func BenchmarkCodec(b *testing.B) {
	for _, n := range []int{64, 128} {
		for _, data := range []struct {
			name  string
			dtype nd.DType
			bytes []byte
			list  []string
		}{
			{fmt.Sprintf("em%d.u1", n), nd.Uint8, image(b, n), benchCodecs},
			{fmt.Sprintf("labels%d.u8", n), nd.Uint64, labels(b, n), append(benchCodecs[:len(benchCodecs):len(benchCodecs)], benchFilters...)},
		} {
			for _, config := range data.list {
				benchCodec(b, data.name, config, data.dtype, data.bytes)
			}
		}
	}
}

func benchCodec(b *testing.B, name, config string, t nd.DType, data []byte) {
	c, err := codec.ParseV2(json.RawMessage(config), codec.Type{DType: t})
	if err != nil {
		b.Fatal(err)
	}
	encoded, err := c.Encode(nil, data)
	if err != nil {
		b.Fatal(err)
	}
	ratio := float64(len(data)) / float64(len(encoded))
	measure(b, name+" "+config+" encode", len(data), ratio, func(buf []byte) ([]byte, error) { return c.Encode(buf, data) })
	measure(b, name+" "+config+" decode", len(data), ratio, func(buf []byte) ([]byte, error) { return c.Decode(buf, encoded, len(data)) })
}

func measure(b *testing.B, name string, size int, ratio float64, f func(buf []byte) ([]byte, error)) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		buf := make([]byte, size)
		before, n := processorTime(b), 0
		for b.Loop() {
			out, err := f(buf)
			if err != nil {
				b.Fatal(err)
			}
			if n++; cap(out) > cap(buf) {
				buf = out
			}
		}
		b.ReportMetric(float64(size)*float64(n)/1e6/(processorTime(b)-before), "cpuMB/s")
		b.ReportMetric(ratio, "ratio")
	})
}

// processorTime returns the seconds that the process has computed for.
func processorTime(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

// image returns n³ uint8 of noise around a slow wave, or of -data.
func image(b *testing.B, n int) []byte {
	if data := readBench(b, fmt.Sprintf("em%d.u1", n)); data != nil {
		return data
	}
	data, state := make([]byte, n*n*n), uint32(1)
	for i := range data {
		state = state*1664525 + 1013904223
		noise := int(state>>28) + int(state>>24&15) + int(state>>20&15)
		data[i] = byte(90 + noise*2 + (i/n%n+i%n+i/n/n)%64)
	}
	return data
}

// labels returns n³ uint64, blocks of equal numbers with a slanted border, or those of -data.
func labels(b *testing.B, n int) []byte {
	if data := readBench(b, fmt.Sprintf("labels%d.u8", n)); data != nil {
		return data
	}
	data := make([]byte, 0, 8*n*n*n)
	for i := range n * n * n {
		z, y, x := i/n/n, i/n%n, i%n
		data = binary.LittleEndian.AppendUint64(data, uint64((z+y/7)/23*10007+(y+x/5)/17*101+(x+z/3)/19))
	}
	return data
}

func readBench(b *testing.B, name string) []byte {
	if *benchData == "" {
		return nil
	}
	data, err := os.ReadFile(*benchData + "/" + name)
	if err != nil {
		b.Fatal(err)
	}
	return data
}
