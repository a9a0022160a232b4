package stream

// A Range is a run of Count neighbouring block indices from First on. In JSON it is [first, count].
type Range [2]int64

// First returns the lowest index.
func (r Range) First() int64 { return r[0] }

// Count returns the number of indices.
func (r Range) Count() int64 { return r[1] }

// End returns the index after the last one.
func (r Range) End() int64 { return r[0] + r[1] }

// Ranges are disjoint runs of block indices.
type Ranges []Range

// Count returns the number of indices in all ranges.
func (rs Ranges) Count() int64 {
	n := int64(0)
	for _, r := range rs {
		n += r.Count()
	}
	return n
}

// Append adds an index and returns the ranges; an index that follows the last one lengthens its range.
func (rs Ranges) Append(index int64) Ranges {
	if n := len(rs); n > 0 && rs[n-1].End() == index {
		rs[n-1][1]++
		return rs
	}
	return append(rs, Range{index, 1})
}
