package stages

import (
	"fmt"

	"volara/geometry"
)

// WriteMode says how blocks write an array.
type WriteMode string

const (
	// WriteApart is the default: no two blocks write into one file, a chunk or a shard; plans where they would are refused.
	WriteApart WriteMode = "apart"
	// WriteLocked lets blocks share files: each is read, changed and written back under a lock, one block after the other.
	WriteLocked WriteMode = "locked"
)

// Choices lists the values for the decoder.
func (WriteMode) Choices() []string { return []string{string(WriteApart), string(WriteLocked)} }

// checkSharing finds out whether blocks of a grid share files of an output, and refuses that unless the dataset allows it.
// blockSize is in voxels; the blocks are counted from the array's first voxel.
func checkSharing(d *Dataset, out *ArraySpec, grid geometry.Grid, blockSize geometry.Coordinate) error {
	files := geometry.Coordinate(out.Chunks)
	shared := sharedAxes(files, blockSize, grid.Counts())
	out.Shared = shared != nil
	if !out.Shared || d.Write == WriteLocked {
		return nil
	}
	what := "chunks"
	if !geometry.Coordinate(out.Inner).Equal(files) {
		what = "shards"
	}
	return fmt.Errorf("blocks of %v voxels would share %s of %v in %s: two blocks would write one of them; %v would do as block_size%s, and write: locked on the dataset lets blocks take turns",
		blockSize, what, files, d.Store, wholeFiles(files, blockSize, shared), otherChunks(d, files, blockSize, shared))
}

// sharedAxes returns the axes along which two blocks meet one file: there are several blocks, and their size is no
// multiple of the file's.
func sharedAxes(files, blockSize, blocks geometry.Coordinate) []int {
	var axes []int
	for d := range files {
		if blocks[d] > 1 && blockSize[d]%files[d] != 0 {
			axes = append(axes, d)
		}
	}
	return axes
}

// wholeFiles returns the block size next to the one given that is made of whole files along the axes.
func wholeFiles(files, blockSize geometry.Coordinate, axes []int) geometry.Coordinate {
	size := blockSize.Clone()
	for _, d := range axes {
		size[d] = max((blockSize[d]+files[d]/2)/files[d], 1) * files[d]
	}
	return size
}

// otherChunks suggests chunks, where the dataset chooses them itself.
func otherChunks(d *Dataset, files, blockSize geometry.Coordinate, axes []int) string {
	if d.Chunks == nil || !d.Chunks.Equal(files) {
		return ""
	}
	chunks := files.Clone()
	for _, axis := range axes {
		chunks[axis] = blockSize[axis]
		for n := min(files[axis], blockSize[axis]); n > 0; n-- {
			if blockSize[axis]%n == 0 {
				chunks[axis] = n
				break
			}
		}
	}
	return fmt.Sprintf(", or %v as chunks", chunks)
}
