package ngff

import "slices"

// A Method says how a level's voxels were made from those of the finer level.
type Method string

// The methods: the mean of the voxels that a coarser one covers (or their median, or the label that most of them have),
// which is at their centre; or the first of them, every so many, which stays where it is.
const (
	Mean   Method = "mean"
	Stride Method = "stride"
)

// Coarser returns scale and translation of a level whose voxels cover factor voxels of this one along every axis. A
// position in OME-NGFF is that of a voxel's centre: the first voxel made by Mean lies (factor−1)/2 of the finer voxels
// further on, the first one made by Stride lies where the finer one does. A translation that is nil is 0.
func Coarser(scale, translation []float64, factor []int, method Method) (coarserScale, coarserTranslation []float64) {
	coarserScale, coarserTranslation = slices.Clone(scale), make([]float64, len(scale))
	copy(coarserTranslation, translation)
	for d, f := range factor {
		coarserScale[d] *= float64(f)
		if method == Mean {
			coarserTranslation[d] += float64(f-1) / 2 * scale[d]
		}
	}
	return coarserScale, coarserTranslation
}
