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
	f := newForest(n)
	for _, pair := range joined {
		f.attract(pair[0], pair[1])
	}
	for _, e := range edges {
		if e.Score > 0 {
			f.attract(e.U, e.V)
		} else {
			f.repel(e.U, e.V)
		}
	}
	smallest := f.parent
	for i, p := range smallest {
		if p < 0 {
			smallest[i] = int32(i)
		} else {
			smallest[i] = smallest[p] // p < i has its answer already
		}
	}
	return smallest
}
