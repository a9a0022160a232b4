package codec

import "errors"

var errBloscLZ = errors.New("corrupt blosclz stream")

// decodeBloscLZ decompresses a blosclz stream, which must fill dst exactly. The format is FastLZ's level 2: a control
// byte below 32 precedes that many plus one literals; else its three top bits are a length and its five low bits the
// high part of a distance; a length of 7 goes on in further bytes, a distance of 0x1fff in two more.
func decodeBloscLZ(dst, src []byte) error {
	const farthest = 8191
	out, in := 0, 0
	for in < len(src) {
		control := int(src[in])
		if in == 0 {
			control &= 31
		}
		in++
		if control < 32 {
			n := control + 1
			if n > len(src)-in || n > len(dst)-out {
				return errBloscLZ
			}
			out += copy(dst[out:], src[in:in+n])
			in += n
			continue
		}
		length, distance := control>>5-1, (control&31)<<8
		if length == 6 {
			for more := 255; more == 255; in++ {
				if in >= len(src) {
					return errBloscLZ
				}
				more = int(src[in])
				length += more
			}
		}
		if in >= len(src) {
			return errBloscLZ
		}
		low := int(src[in])
		in++
		distance += low
		if low == 255 && distance == 31<<8+255 {
			if len(src)-in < 2 {
				return errBloscLZ
			}
			distance = int(src[in])<<8 + int(src[in+1]) + farthest
			in += 2
		}
		length, distance = length+3, distance+1
		if distance > out || length > len(dst)-out {
			return errBloscLZ
		}
		for range length {
			dst[out] = dst[out-distance]
			out++
		}
	}
	if out != len(dst) {
		return errBloscLZ
	}
	return nil
}
