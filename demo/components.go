package demo

// A run is a stretch of equal labels within a row of voxels; its index is its node in the union-find forest.
type run struct {
	begin, end int32 // along the row
	label      uint32
	parent     uint32
}

// components tells apart the face-connected pieces of a volume's labels.
type components struct {
	shape [3]int
	runs  []run
	rows  []int // first run of each row, and one past the last
}

// connected renumbers labels so that each is one face-connected piece: pieces of at least smallest voxels get the ids
// 1, 2, … in the order of their first voxels, smaller ones go to their neighbours. There is always one piece left.
func connected(labels []uint32, shape [3]int, smallest int) {
	c := newComponents(labels, shape)
	size := make([]int, len(c.runs))
	largest := uint32(0)
	for i := range c.runs {
		root := c.find(uint32(i))
		size[root] += int(c.runs[i].end - c.runs[i].begin)
		if size[root] > size[largest] {
			largest = root
		}
	}
	smallest = min(smallest, size[largest])
	ids, next := make([]uint32, len(c.runs)), uint32(0)
	var orphans []int
	for row := range len(c.rows) - 1 {
		for i := c.rows[row]; i < c.rows[row+1]; i++ {
			root := c.find(uint32(i))
			if ids[root] == 0 && size[root] >= smallest {
				next++
				ids[root] = next
			}
			for x := c.runs[i].begin; x < c.runs[i].end; x++ {
				at := row*shape[2] + int(x)
				if labels[at] = ids[root]; ids[root] == 0 {
					orphans = append(orphans, at)
				}
			}
		}
	}
	adopt(labels, shape, orphans)
}

func newComponents(labels []uint32, shape [3]int) *components {
	c := &components{shape: shape, rows: make([]int, 0, shape[0]*shape[1]+1)}
	for row := range shape[0] * shape[1] {
		c.rows = append(c.rows, len(c.runs))
		line := labels[row*shape[2] : (row+1)*shape[2]]
		for x := 0; x < len(line); {
			begin := x
			for x < len(line) && line[x] == line[begin] {
				x++
			}
			c.runs = append(c.runs, run{int32(begin), int32(x), line[begin], uint32(len(c.runs))})
		}
	}
	c.rows = append(c.rows, len(c.runs))
	for row := range shape[0] * shape[1] {
		if row%shape[1] > 0 {
			c.join(row, row-1)
		}
		if row >= shape[1] {
			c.join(row, row-shape[1])
		}
	}
	return c
}

// join unites the runs of two neighbouring rows that touch and carry the same label.
func (c *components) join(row, other int) {
	i, j := c.rows[row], c.rows[other]
	for i < c.rows[row+1] && j < c.rows[other+1] {
		a, b := &c.runs[i], &c.runs[j]
		if a.label == b.label && a.begin < b.end && b.begin < a.end {
			c.unite(uint32(i), uint32(j))
		}
		if a.end <= b.end {
			i++
		} else {
			j++
		}
	}
}

func (c *components) find(i uint32) uint32 {
	for c.runs[i].parent != i {
		c.runs[i].parent = c.runs[c.runs[i].parent].parent
		i = c.runs[i].parent
	}
	return i
}

func (c *components) unite(i, j uint32) {
	i, j = c.find(i), c.find(j)
	c.runs[max(i, j)].parent = min(i, j)
}

// adopt gives the voxels without a label, in rounds from the outside in, to the neighbour that most of their faces
// touch. Whoever is adopted touches its new label, so that labels stay connected.
func adopt(labels []uint32, shape [3]int, orphans []int) {
	taken := make([]uint32, len(orphans))
	for len(orphans) > 0 {
		for i, at := range orphans {
			taken[i] = neighbour(labels, shape, at)
		}
		left := orphans[:0]
		for i, at := range orphans {
			if labels[at] = taken[i]; taken[i] == 0 {
				left = append(left, at)
			}
		}
		orphans = left
	}
}

// neighbour returns the commonest label other than 0 among a voxel's face neighbours, the smallest of equals, or 0.
func neighbour(labels []uint32, shape [3]int, at int) uint32 {
	var around [6]uint32
	n, stride := 0, 1
	for d := 2; d >= 0; d-- {
		k := at / stride % shape[d]
		if k > 0 {
			around[n] = labels[at-stride]
			n++
		}
		if k < shape[d]-1 {
			around[n] = labels[at+stride]
			n++
		}
		stride *= shape[d]
	}
	best, most := uint32(0), 0
	for _, l := range around[:n] {
		votes := 0
		for _, m := range around[:n] {
			if l == m {
				votes++
			}
		}
		if l != 0 && (votes > most || votes == most && l < best) {
			best, most = l, votes
		}
	}
	return best
}
