// Package follow follows what becomes of the blocks of a run, for all who show it: in the run's folder, when it is asked, and in
// the run's record where the folder does not tell all. It changes nothing there and does nothing between calls.
//
//	b := follow.Tasks(p, server, plan.Tasks, log)
//	defer b.Close()
//	err := b.See(ctx, "segments-relabel", func(m *blockmap.Map) error { fmt.Println(m.Tally()); return nil })
package follow
