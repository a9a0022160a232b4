package zarr

import "context"

// Usage is what of an array is stored.
type Usage struct {
	// Present is the number of stored objects (chunks or shards), of Total that the array can have.
	Present, Total int
	// StoredBytes is the size of those objects; LogicalBytes that of the whole array in memory.
	StoredBytes, LogicalBytes int64
}

// Usage counts what is stored. It lists the whole array, which takes a while for a large one.
func (a *Array) Usage(ctx context.Context) (Usage, error) {
	m := a.metadata()
	grid := m.whole().tiles(m.Chunks).hi
	u := Usage{Total: 1, LogicalBytes: int64(m.DType.Size())}
	for d, n := range grid {
		u.Total *= n
		u.LogicalBytes *= int64(m.Shape[d])
	}
	for o, err := range a.Objects(ctx) {
		if err != nil {
			return u, err
		}
		u.Present++
		u.StoredBytes += o.Bytes
	}
	return u, nil
}
