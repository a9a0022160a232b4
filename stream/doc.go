// Package stream runs the blocks of a plan over NATS JetStream: it publishes ready blocks, has workers process them,
// keeps a durable record of what is done, and survives the loss of any of its parts. It knows blocks and bytes; what a
// task does with a block, where its outputs live and how a plan comes about belong to the rooms above.
//
// A Tracker drives one run: it alone decides what is published and it alone writes the run's State. Any number of
// Workers, in the tracker's process or elsewhere, pull work and report what became of it. docs/protocol.md describes
// subjects, messages and what every crash does.
//
//	tracker, err := stream.NewTracker(nc, plan, stream.TrackerOptions{Dir: dir})
//	worker, err := stream.NewWorker(nc, plan.Run, stream.WorkerOptions{Slots: 8, Open: open})
//	go worker.Run(ctx)
//	status, err := tracker.Run(ctx)
package stream
