package codec

import "fmt"

// CheckLevel returns an error for a codec whose level other readers of the metadata refuse, as zarr-python, numcodecs and
// tensorstore do: what is written anew has none such, though what others have written is read whatever level it names.
func CheckLevel(c Codec) error {
	level, lowest, highest := 0, 0, 9
	switch c := c.(type) {
	case Zstd:
		level, lowest, highest = c.Level, zstdFastest, zstdSmallest
	case *Gzip:
		level = c.Level
	case *Zlib:
		level = c.Level
	case BZ2:
		level, lowest = c.Level, 1
	case LZMA:
		if c.Preset != nil {
			level = int(int64(*c.Preset) &^ lzmaExtreme)
		}
	}
	if level < lowest || level > highest {
		return fmt.Errorf("codec %q: level %d is not in %d..%d", c.Spec().V3Name, level, lowest, highest)
	}
	return nil
}

// The levels that libzstd has.
const (
	zstdFastest  = -131072
	zstdSmallest = 22
)

// lzmaExtreme is the flag of a preset that trades time for space (PRESET_EXTREME).
const lzmaExtreme = 1 << 31
