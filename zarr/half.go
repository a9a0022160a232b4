package zarr

import "volara/nd"

func halfToFloat(h uint16) float64 { return nd.HalfToFloat(h) }

func floatToHalf(v float64) uint16 { return nd.FloatToHalf(v) }
