// Package console is what people see in a terminal: the progress of a run, its report at the end, tables, and logs.
//
// Everything is drawn from stream.Status snapshots; the package never asks the stream itself, and knows nothing of
// tasks. Nothing here can hold up or fail a run: log lines that cannot be written are dropped and counted.
//
//	progress := console.NewProgress(console.ProgressOptions{Mode: console.ModeAuto})
//	logs := console.NewLog(console.LogOptions{Terminal: progress.LogWriter(), File: "logs/segment/worker-0.jsonl"})
//	defer logs.Close()
//	progress.Follow(ctx, run.Status) // until the run ends
//	progress.Close()
//	console.Report(os.Stderr, run.Status(), console.ReportOptions{})
package console
