#include "shuffle.h"

#include <string.h>

// Vectors of the compiler's: SSE2, NEON, VSX, or plain code elsewhere.
typedef uint8_t vec __attribute__((vector_size(16)));

#if defined(__clang__) || __GNUC__ >= 12
#define PERMUTE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PERMUTE(a, b, ...) __builtin_shuffle(a, b, (vec){__VA_ARGS__})
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const uint8_t *p) {
	vec v;
	memcpy(&v, p, sizeof v);
	return v;
}

INLINE void store(uint8_t *p, vec v) { memcpy(p, &v, sizeof v); }

INLINE vec low(vec a, vec b) {
	return PERMUTE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

INLINE vec high(vec a, vec b) {
	return PERMUTE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// interleave makes every byte of x's first half be followed by the byte of the second half that is as far in: the
// address of a byte in x, as a binary number, is rotated left by one. size is the number of vectors, a power of two.
INLINE void interleave(vec *x, size_t size) {
	vec y[16];
	for (size_t i = 0; i < size / 2; i++) {
		y[2 * i] = low(x[i], x[i + size / 2]);
		y[2 * i + 1] = high(x[i], x[i + size / 2]);
	}
	for (size_t i = 0; i < size; i++) x[i] = y[i];
}

// to_planes_vec shuffles 16 elements at a time, returning how many it did; plane k is at dst + k·stride. In the address
// of a byte the four bits of the element come before those of the byte in it; rotating by four swaps them.
INLINE size_t to_planes_vec(uint8_t *dst, size_t stride, const uint8_t *src, size_t n, size_t size) {
	size_t i = 0;
	for (; i + 16 <= n; i += 16) {
		vec x[16];
		for (size_t k = 0; k < size; k++) x[k] = load(src + i * size + 16 * k);
		for (int round = 0; round < 4; round++) interleave(x, size);
		for (size_t k = 0; k < size; k++) store(dst + k * stride + i, x[k]);
	}
	return i;
}

// from_planes_vec is the inverse: it rotates by the bits of size.
INLINE size_t from_planes_vec(uint8_t *dst, const uint8_t *src, size_t stride, size_t n, size_t size) {
	size_t i = 0;
	for (; i + 16 <= n; i += 16) {
		vec x[16];
		for (size_t k = 0; k < size; k++) x[k] = load(src + k * stride + i);
		for (size_t s = size; s > 1; s /= 2) interleave(x, size);
		for (size_t k = 0; k < size; k++) store(dst + i * size + 16 * k, x[k]);
	}
	return i;
}

static void to_planes(uint8_t *dst, size_t stride, const uint8_t *src, size_t n, size_t size) {
	size_t done = 0;
	switch (size) {
	case 1:
		memcpy(dst, src, n);
		return;
	case 2:
		done = to_planes_vec(dst, stride, src, n, 2);
		break;
	case 4:
		done = to_planes_vec(dst, stride, src, n, 4);
		break;
	case 8:
		done = to_planes_vec(dst, stride, src, n, 8);
		break;
	case 16:
		done = to_planes_vec(dst, stride, src, n, 16);
		break;
	}
	for (size_t k = 0; k < size; k++)
		for (size_t i = done; i < n; i++) dst[k * stride + i] = src[i * size + k];
}

static void from_planes(uint8_t *dst, const uint8_t *src, size_t stride, size_t n, size_t size) {
	size_t done = 0;
	switch (size) {
	case 1:
		memcpy(dst, src, n);
		return;
	case 2:
		done = from_planes_vec(dst, src, stride, n, 2);
		break;
	case 4:
		done = from_planes_vec(dst, src, stride, n, 4);
		break;
	case 8:
		done = from_planes_vec(dst, src, stride, n, 8);
		break;
	case 16:
		done = from_planes_vec(dst, src, stride, n, 16);
		break;
	}
	for (size_t k = 0; k < size; k++)
		for (size_t i = done; i < n; i++) dst[i * size + k] = src[k * stride + i];
}

void volara_shuffle(uint8_t *dst, const uint8_t *src, size_t n, size_t size) { to_planes(dst, n, src, n, size); }

void volara_unshuffle(uint8_t *dst, const uint8_t *src, size_t n, size_t size) { from_planes(dst, src, n, n, size); }

// TRANSPOSE_BITS transposes 8×8 matrices of bits, one row a byte, the first in the lowest (Hacker's Delight, 7-3).
#define TRANSPOSE_BITS(x, t) \
	t = (x ^ (x >> 7)) & 0x00aa00aa00aa00aaULL; \
	x ^= t ^ (t << 7); \
	t = (x ^ (x >> 14)) & 0x0000cccc0000ccccULL; \
	x ^= t ^ (t << 14); \
	t = (x ^ (x >> 28)) & 0x00000000f0f0f0f0ULL; \
	x ^= t ^ (t << 28)

// transpose_bits does so with every eight bytes; n is a multiple of 8.
INLINE void transpose_bits(uint8_t *p, size_t n) {
	size_t i = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	typedef uint64_t words __attribute__((vector_size(16)));
	for (; i + sizeof(words) <= n; i += sizeof(words)) {
		words x, t;
		memcpy(&x, p + i, sizeof x);
		TRANSPOSE_BITS(x, t);
		memcpy(p + i, &x, sizeof x);
	}
#endif
	for (; i < n; i += 8) {
		uint64_t x = 0, t;
		for (int b = 0; b < 8; b++) x |= (uint64_t)p[i + b] << (8 * b);
		TRANSPOSE_BITS(x, t);
		for (int b = 0; b < 8; b++) p[i + b] = x >> (8 * b);
	}
}

// Bits are shuffled a tile at a time, in the first-level cache: bytes into planes; then, of each plane, the bits of eight
// bytes into the eight rows, of which byte b of every transposed matrix is one.
enum { TILE = 8192 };

// tile_elements returns how many elements of a size go into a tile, a multiple of 8; 0 when eight do not.
static size_t tile_elements(size_t size) { return TILE / size & ~(size_t)7; }

void volara_bitshuffle(uint8_t *dst, const uint8_t *src, size_t n, size_t size) {
	uint8_t tile[TILE];
	size_t row = n / 8, most = tile_elements(size);
	for (size_t i = 0; i < n; i += most) {
		size_t m = n - i < most ? n - i : most;
		to_planes(tile, m, src + i * size, m, size);
		transpose_bits(tile, m * size);
		for (size_t k = 0; k < size; k++) to_planes(dst + 8 * k * row + i / 8, row, tile + k * m, m / 8, 8);
	}
}

void volara_bitunshuffle(uint8_t *dst, const uint8_t *src, size_t n, size_t size) {
	uint8_t tile[TILE];
	size_t row = n / 8, most = tile_elements(size);
	for (size_t i = 0; i < n; i += most) {
		size_t m = n - i < most ? n - i : most;
		for (size_t k = 0; k < size; k++) from_planes(tile + k * m, src + 8 * k * row + i / 8, row, m / 8, 8);
		transpose_bits(tile, m * size);
		from_planes(dst + i * size, tile, m, m, size);
	}
}
