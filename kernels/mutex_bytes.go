package kernels

import "bytes"

// firstPhase is the number of edges for each voxel that are sorted first: about as many as direct neighbours have.
const firstPhase = 3

// mutexBytes is the mutex watershed of uint8 affinities. A channel has at most 256 scores, so that a counting sort
// puts the attractive edges in order, and edges with one score stay in voxel order: neighbours in time are neighbours
// in memory. The sort is done in two phases: edges whose ends are in one cluster when the second comes, which is most of
// them, are never sorted.
func mutexBytes(affs []uint8, n int, channels []mutexChannel, small int) forest {
	m := newMutexClusters(affs, n, channels, small)
	alive := make([]uint8, n)
	counts := make([][256]uint32, len(channels))
	m.scores = make([][256]float64, len(channels))
	for c := range channels {
		for v := range 256 {
			m.scores[c][v] = byteScore(uint8(v), channels[c].bias)
		}
		countBytes(&counts[c], alive, affs, &channels[c])
	}
	phases := splitPhases(byteBuckets(channels, counts), firstPhase*n)
	order := make([]uint32, max(edgesOf(phases[0]), edgesOf(phases[1]))+1)
	known := make([]int, len(channels))
	for _, phase := range phases {
		m.flatten()
		sortBytes(m.forest, order, affs, channels, phase)
		repelBytes(m, known, counts, phase)
		for _, b := range phase {
			m.reach.include(b.channel)
			attractBytes(m, order[b.start:b.end], &channels[b.channel], b.strength)
		}
	}
	m.drop(alive)
	return m.forest
}

// repelBytes makes the repulsive edges known that are at least as strong as the weakest of a phase. Of each channel,
// those of a value less than known are known already.
func repelBytes(m *mutexClusters[uint8], known []int, counts [][256]uint32, phase []byteBucket) {
	if len(phase) == 0 {
		return
	}
	now, least := moment{strength: phase[0].strength}, phase[len(phase)-1].strength
	for c := range m.channels {
		ch := &m.channels[c]
		low, edges := known[c], 0
		v := low
		for ; v < 256 && -m.scores[c][v] >= least; v++ {
			edges += int(counts[c][v])
		}
		known[c] = v
		if edges == 0 {
			continue
		}
		width := uint8(v - low - 1)
		ch.rows(func(start, n, step int) {
			row := m.affs[ch.base+start:][:(n-1)*step+1]
			for i := 0; i < len(row); i += step {
				if row[i]-uint8(low) <= width {
					m.repel(start+i, c, now)
				}
			}
		})
	}
}

func byteScore(v uint8, bias float64) float64 { return float64(v)/255 + bias }

// lowestPositive returns the smallest value of a channel that makes an edge attractive, 256 if none does.
func lowestPositive(bias float64) int {
	v := 0
	for v < 256 && !(byteScore(uint8(v), bias) > 0) {
		v++
	}
	return v
}

// countBytes counts the values of a channel's edges and marks the voxels that an attractive one touches.
func countBytes(counts *[256]uint32, alive, affs []uint8, ch *mutexChannel) {
	var odd [256]uint32
	lowest := lowestPositive(ch.bias)
	ch.rows(func(start, n, step int) {
		if step != 1 {
			for i := 0; i < n*step; i += step {
				v := affs[ch.base+start+i]
				counts[v]++
				if int(v) >= lowest {
					alive[start+i], alive[start+i+ch.shift] = 1, 1
				}
			}
			return
		}
		row := affs[ch.base+start:][:n]
		i := 0
		for ; i+1 < n; i += 2 {
			counts[row[i]]++
			odd[row[i+1]]++
		}
		if i < n {
			counts[row[i]]++
		}
		near, far := alive[start:][:n], alive[start+ch.shift:][:n]
		if bytes.IndexByte(near, 0) < 0 && bytes.IndexByte(far, 0) < 0 {
			return
		}
		for i, v := range row {
			if int(v) >= lowest {
				near[i], far[i] = 1, 1
			}
		}
	})
	for v, k := range odd {
		counts[v] += k
	}
}

// attractBytes takes edges of one score.
func attractBytes(m *mutexClusters[uint8], edges []uint32, ch *mutexChannel, strength float64) {
	f, shift := m.forest, int32(ch.shift)
	for _, e := range edges {
		u := int32(e)
		if p := f[u]; p < 0 || p != f[u+shift] {
			m.attract(u, u+shift, moment{strength, uint32(ch.base) + e})
		}
	}
}
