package zarr

import "sync/atomic"

// CacheStats says what a cache was good for, counted since it was made.
type CacheStats struct {
	Hits      int64 // chunks that were kept, or on their way in for another reader
	Misses    int64 // chunks that had to be decoded; those that are not stored count too
	Evictions int64 // chunks forgotten to make room
	Decoded   int64 // bytes decoded
	Used      int64 // bytes copied out to readers
}

// HitRate returns the hits' share of all chunks asked for, 0 before there were any.
func (s CacheStats) HitRate() float64 {
	if s.Hits+s.Misses == 0 {
		return 0
	}
	return float64(s.Hits) / float64(s.Hits+s.Misses)
}

// Overhead returns the bytes decoded for every byte used, 0 before there were any: 1 where every voxel is decoded once
// and read once, less where it is read several times.
func (s CacheStats) Overhead() float64 {
	if s.Used == 0 {
		return 0
	}
	return float64(s.Decoded) / float64(s.Used)
}

// Add returns the sum of both.
func (s CacheStats) Add(o CacheStats) CacheStats {
	return CacheStats{s.Hits + o.Hits, s.Misses + o.Misses, s.Evictions + o.Evictions, s.Decoded + o.Decoded, s.Used + o.Used}
}

// cacheCounters are the running CacheStats.
type cacheCounters struct{ hits, misses, evictions, decoded, used atomic.Int64 }

// Stats returns what the cache has been good for so far. It is cheap and may be called at any time.
func (c *Cache) Stats() CacheStats {
	return CacheStats{c.counted.hits.Load(), c.counted.misses.Load(), c.counted.evictions.Load(), c.counted.decoded.Load(), c.counted.used.Load()}
}
