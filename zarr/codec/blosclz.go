package codec

import (
	"encoding/binary"
	"errors"
)

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
		// What is repeated may begin within what it makes: each copy doubles it.
		for end := out + length; out < end; {
			out += copy(dst[out:end], dst[out-distance:out])
			distance *= 2
		}
	}
	if out != len(dst) {
		return errBloscLZ
	}
	return nil
}

// encodeBloscLZ compresses src into dst's memory, which must be as long as src; the result is empty when it would not be
// shorter. It looks for one candidate for each four bytes, and for fewer the longer it finds none. c-blosc wants the
// stream to begin and to end with literals, and its first control byte marked.
func encodeBloscLZ(dst, src []byte) []byte {
	const hashBits, farthest, last = 13, 8191 + 65535, 4
	var table [1 << hashBits]int32 // the last place + 1 of four bytes
	dst = dst[:0]
	literals, i, end := 0, 1, len(src)-last
	for i+4 <= end {
		word := binary.LittleEndian.Uint32(src[i:])
		slot := &table[word*2654435761>>(32-hashBits)]
		from := int(*slot) - 1
		*slot = int32(i + 1)
		if from < 0 || i-from > farthest || binary.LittleEndian.Uint32(src[from:]) != word {
			i += 1 + (i-literals)>>6
			continue
		}
		n := 4
		for i+n < end && src[from+n] == src[i+n] {
			n++
		}
		if i-from > 8191 && n < 6 {
			i++
			continue
		}
		dst = appendBloscLiterals(dst, src[literals:i])
		dst = appendBloscMatch(dst, n, i-from)
		if i += n; len(dst) >= i {
			return nil
		}
		literals = i
	}
	if dst = appendBloscLiterals(dst, src[literals:]); len(dst) == 0 || len(dst) >= len(src) {
		return nil
	}
	dst[0] |= 1 << 5
	return dst
}

func appendBloscLiterals(dst, src []byte) []byte {
	for len(src) > 0 {
		n := min(len(src), 32)
		dst = append(append(dst, byte(n-1)), src[:n]...)
		src = src[n:]
	}
	return dst
}

// appendBloscMatch appends that n bytes, at least 3, are those distance before.
func appendBloscMatch(dst []byte, n, distance int) []byte {
	distance--
	far := distance >= 8191
	offset := distance
	if far {
		offset = 8191
	}
	if n < 9 {
		dst = append(dst, byte((n-2)<<5|offset>>8))
	} else {
		dst = append(dst, byte(7<<5|offset>>8))
		for n -= 9; n >= 255; n -= 255 {
			dst = append(dst, 255)
		}
		dst = append(dst, byte(n))
	}
	if dst = append(dst, byte(offset)); far {
		dst = append(dst, byte((distance-8191)>>8), byte(distance-8191))
	}
	return dst
}
