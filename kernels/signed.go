package kernels

// A SignedEdge joins (Score > 0) or separates two nodes of a graph.
type SignedEdge struct {
	U, V  int32
	Score float64
}

// ClusterSignedGraph clusters n nodes by mutex watershed on an explicit list of edges and returns, for each node, the
// smallest node of its cluster.
//
// The edges are taken in the order given: sort them stably by falling |Score| first. An edge with a positive score
// joins the clusters of its ends unless these exclude each other; any other makes them exclude each other unless they
// are one. The pairs of joined are in one cluster from the start, whatever the edges say.
func ClusterSignedGraph(n int, edges []SignedEdge, joined [][2]int32) []int32 {
	f, x := newForest(n, -1), newExclusions()
	for i := range f {
		f[i] = -1 - int32(x.newCluster())
	}
	number := func(root int32) uint32 { return uint32(-1 - f[root]) }
	join := func(u, v int32) { f.join(u, v, -1-int32(x.merge(number(u), number(v)))) }
	for _, pair := range joined {
		if u, v := f.find(pair[0]), f.find(pair[1]); u != v {
			join(u, v)
		}
	}
	always, now := moment{strength: 1}, moment{}
	for _, e := range edges {
		u, v := f.find(e.U), f.find(e.V)
		if u == v {
			continue
		}
		a, b := number(u), number(v)
		switch {
		case !(e.Score > 0):
			x.add(x.slot(a, b), a, b, always)
		case !x.excludes(a, b, now):
			join(u, v)
		}
	}
	for i, p := range f {
		if p < 0 {
			f[i] = int32(i)
		} else {
			f[i] = f[p] // p < i has its answer already
		}
	}
	return f
}
