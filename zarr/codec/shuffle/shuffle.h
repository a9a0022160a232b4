#include <stddef.h>
#include <stdint.h>

// All of these take n whole elements of size bytes, and src and dst that do not overlap.

// Plane k of dst gets byte k of every element.
void volara_shuffle(uint8_t *dst, const uint8_t *src, size_t n, size_t size);
void volara_unshuffle(uint8_t *dst, const uint8_t *src, size_t n, size_t size);

// Row 8k+b of dst gets bit b of byte k of every element, the first element in the lowest bit. n is a multiple of 8.
void volara_bitshuffle(uint8_t *dst, const uint8_t *src, size_t n, size_t size);
void volara_bitunshuffle(uint8_t *dst, const uint8_t *src, size_t n, size_t size);
