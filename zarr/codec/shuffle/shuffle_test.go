package shuffle

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"testing"
)

// slowBits is the definition: bit b of byte k of element e goes to bit e%8 of byte (8k+b)·n/8 + e/8.
func slowBits(dst, src []byte, size int) {
	n := len(src) / size
	if n%8 != 0 {
		copy(dst, src)
		return
	}
	clear(dst)
	for e := range n {
		for k := range size {
			for b := range 8 {
				bit := src[e*size+k] >> b & 1
				dst[(8*k+b)*n/8+e/8] |= bit << (e % 8)
			}
		}
	}
	copy(dst[n*size:], src[n*size:])
}

func TestShuffles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, size := range []int{1, 2, 3, 4, 5, 8, 12, 16, 255, MaxSize} {
		for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 72, 128, 1000, 9000} {
			if n*size > 1<<17 {
				continue
			}
			for _, extra := range []int{0, size - 1} {
				src := make([]byte, n*size+extra)
				for i := range src {
					src[i] = byte(r.Uint32())
				}
				mixed, back, slow := make([]byte, len(src)), make([]byte, len(src)), make([]byte, len(src))
				Bytes(mixed, src, size)
				for e := range n {
					for k := range size {
						if mixed[k*n+e] != src[e*size+k] {
							t.Fatalf("shuffle of %d×%d bytes misplaced byte %d of element %d", n, size, k, e)
						}
					}
				}
				if Unbytes(back, mixed, size); !bytes.Equal(back, src) {
					t.Fatalf("unshuffle of %d×%d bytes + %d", n, size, extra)
				}
				Bits(mixed, src, size)
				if slowBits(slow, src, size); !bytes.Equal(mixed, slow) {
					t.Fatalf("bitshuffle of %d×%d bytes + %d", n, size, extra)
				}
				if Unbits(back, mixed, size); !bytes.Equal(back, src) {
					t.Fatalf("bitunshuffle of %d×%d bytes + %d", n, size, extra)
				}
			}
		}
	}
}

func BenchmarkUnBytes(b *testing.B) {
	src, dst := make([]byte, 1<<18), make([]byte, 1<<18)
	for _, size := range []int{2, 3, 4, 8, 16} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				Unbytes(dst, src, size)
			}
		})
	}
}

func BenchmarkBitUnBytes(b *testing.B) {
	src, dst := make([]byte, 1<<18), make([]byte, 1<<18)
	for _, size := range []int{1, 2, 4, 8, 16} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				Unbits(dst, src, size)
			}
		})
	}
}

func BenchmarkCopy(b *testing.B) {
	src, dst := make([]byte, 1<<18), make([]byte, 1<<18)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		copy(dst, src)
	}
}
