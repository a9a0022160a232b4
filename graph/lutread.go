package graph

import (
	"fmt"
	"io"

	"volara/graph/npz"
)

func readLUT(r io.ReaderAt, size int64) (*LUT, error) {
	archive, err := npz.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	table, found, err := archive.Array(lutArray)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("it has no array %s, only %q", lutArray, archive.Names())
	}
	if len(table.Shape) != 2 || table.Shape[0] != 2 {
		return nil, fmt.Errorf("array %s has shape %v, not (2, N)", lutArray, table.Shape)
	}
	n := table.Shape[1]
	l, err := NewLUT(table.Data[:n:n], table.Data[n:])
	if err != nil {
		return nil, err
	}
	l.Edges, err = readLUTEdges(archive)
	return l, err
}

func readLUTEdges(archive *npz.Reader) ([]LUTEdge, error) {
	table, found, err := archive.Array(edgeArray)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, nil
	case len(table.Data) == 0: // NumPy gives an empty list one dimension
		return []LUTEdge{}, nil
	case len(table.Shape) != 2 || table.Shape[1] != 3:
		return nil, fmt.Errorf("array %s has shape %v, not (N, 3)", edgeArray, table.Shape)
	}
	edges := make([]LUTEdge, table.Shape[0])
	for i := range edges {
		row := table.Data[3*i:]
		edges[i] = LUTEdge{Merge: row[0] != 0, U: row[1], V: row[2]}
	}
	return edges, nil
}
