package zarr

import (
	"slices"

	"volara/nd"
)

// Shape returns the array's shape; the caller may keep it.
func (a *Array) Shape() []int { return slices.Clone(a.metadata().Shape) }

// DType returns the type of the array's elements.
func (a *Array) DType() nd.DType { return a.metadata().DType }
