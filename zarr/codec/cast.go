package codec

import "volara/nd"

// caster returns what converts elements as numpy's astype does on x86, where numcodecs' fixtures were made: integers wrap,
// fractions are cut off, what is not 0 is true. Floats beyond 64 bits, and NaN, become the lowest bits of the least int64:
// that number in types of 64 bits, 0 in narrower ones.
func caster(from, to nd.DType) nd.Caster { return nd.CasterOf(from, to, nd.AsTypeX86) }

func cast(dst []byte, to nd.DType, src []byte, from nd.DType) { caster(from, to)(dst, src) }
