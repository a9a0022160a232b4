package ngff

import "slices"

// A Method says how a level's voxels were made from those of the finer level.
type Method string

// The methods that tell apart where a coarser voxel is: the mean of those that it covers is at their centre, and so is any
// other that all of them decide ("mode", "min", "max"); the first of them, every so many, stays where it is.
const (
	Mean   Method = "mean"
	Stride Method = "stride"
)

// Coarser returns scale and translation of a level whose voxels cover factor voxels of this one along every axis. A
// position in OME-NGFF is that of a voxel's centre: the first voxel of a level lies (factor−1)/2 of the finer voxels
// further on; made by Stride, it lies where the finer one does. A translation that is nil is 0.
func Coarser(scale, translation []float64, factor []int, method Method) (coarserScale, coarserTranslation []float64) {
	coarserScale, coarserTranslation = slices.Clone(scale), make([]float64, len(scale))
	copy(coarserTranslation, translation)
	for d, f := range factor {
		coarserScale[d] *= float64(f)
		if method != Stride {
			coarserTranslation[d] += float64(f-1) / 2 * scale[d]
		}
	}
	return coarserScale, coarserTranslation
}
