// Package graph holds what is known about a volume's region adjacency graph and where it is kept: a Store of nodes
// (fragments, with position and size) and edges (pairs of touching fragments, with one number per attribute), and the
// LUT that says which fragments make up a segment.
//
// The package itself opens nothing but LUT files. A Store is opened by the package of its database, sqlite for one;
// their tables and metadata are those of funlib.persistence 0.7, described in package funlib, so that its users read
// what is written here and the other way round. Every implementation passes the suite in package graphtest.
//
//	schema, err := graph.NewSchema(3, nil, []graph.Attr{{Name: "adj_weight", Type: graph.Float}})
//	store, err := sqlite.Open(ctx, "volume/db.sqlite", schema, sqlite.Options{Create: true})
//	defer store.Close()
//	err = store.WriteEdges(ctx, writer, []string{"adj_weight"}, edges)
//	for edge, err := range store.Edges(ctx, roi, []string{"adj_weight"}) {
//		…
//	}
package graph
