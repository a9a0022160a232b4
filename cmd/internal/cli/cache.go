package cli

import (
	"fmt"

	"volara/pipeline"
)

// maxCache is the largest cache in MiB, a PiB: sums with what blocks need stay far from the largest number there is.
const maxCache = 1 << 30

// Cache says how much a process may keep of what it has decoded.
type Cache struct {
	MiB int64 `name:"cache" help:"MiB of decoded chunks to keep for neighbouring blocks." default:"256" placeholder:"MIB"`
}

// CacheBytes returns the size in bytes; one that is none is an *pipeline.InputError.
func (c Cache) CacheBytes() (int, error) {
	if c.MiB < 0 || c.MiB > maxCache {
		return 0, &pipeline.InputError{Err: fmt.Errorf("--cache %d: 0 to %d are possible (MiB)", c.MiB, int64(maxCache))}
	}
	return int(c.MiB << 20), nil
}
