package volume

// Limits bound what reading a large array takes.
type Limits struct {
	// Workers is the number of blocks that are read and worked on at once; at least 1.
	Workers int
	// Memory is the number of bytes that those blocks may take together. A block is never smaller than one voxel row of
	// what is decoded at once.
	Memory int64
}

// Voxels returns the voxels of one block so that those of all workers, each of so many bytes a voxel, keep within the
// memory, and a block is no more than most bytes.
func (l Limits) Voxels(bytes int, most int64) int {
	each := l.Memory / int64(max(1, l.Workers))
	return int(max(1, min(each, most)/int64(max(1, bytes))))
}
