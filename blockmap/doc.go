// Package blockmap draws the blocks of a run's tasks, each in the colour of what became of it: computed, masked, left out,
// tried again, failed, or none of these yet. It knows events and counts of blocks, never what a task does, and reads
// nothing itself.
//
//	m := blockmap.New("segments-relabel", geometry.Coordinate{16, 40, 40})
//	m.Take(event) // all events of the run, in order
//	err := blockmap.Write(file, "segment", m)
package blockmap
