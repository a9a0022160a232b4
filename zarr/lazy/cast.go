package lazy

import "volara/nd"

// cast returns the steps that make elements of another type: nd.AsType.
func cast(from, to nd.DType) []step {
	switch {
	case from == to:
		return nil
	case from == nd.Float16 && to != nd.Float32: // two steps, between which memory is recycled
		return append(cast(nd.Float16, nd.Float32), cast(nd.Float32, to)...)
	}
	run := nd.CasterOf(from, to, nd.AsType)
	return []step{plain(to, func(dst, src []byte) { run(dst, src) })}
}

// throughFloat32 returns the steps that change halves as float32, rounded again at the end.
func throughFloat32(change step) []step {
	return append(append(cast(nd.Float16, nd.Float32), change), cast(nd.Float32, nd.Float16)...)
}

func plain(to nd.DType, run func(dst, src []byte)) step {
	return step{to: to, run: func(dst, src []byte, _ place) error { run(dst, src); return nil }, plain: true}
}

func roundedHalf(v float64) float64 { return nd.HalfToFloat(nd.FloatToHalf(v)) }

func truth(b bool) byte {
	if b {
		return 1
	}
	return 0
}
