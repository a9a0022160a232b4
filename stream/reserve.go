package stream

import "context"

// A Reserver is a Processor that has to get ready for a block, which does not count towards the block's timeout. Reserve
// returns a processor for one block; it is called instead of Process.
type Reserver interface {
	Reserve(ctx context.Context) (Processor, error)
}

// processor returns what processes a block of the job, and what to call afterwards.
func (b *job) processor() (Processor, func(), error) {
	p, err := b.shift.w.rooms.open(b.hold.context(), b.task, b.work.Isolated)
	if err != nil {
		return nil, nil, err
	}
	r, ok := p.(Reserver)
	if !ok {
		return p, func() {}, nil
	}
	if p, err = r.Reserve(b.hold.context()); err != nil {
		return nil, nil, err
	}
	return p, func() {
		if err := p.Close(); err != nil {
			b.log.Warn("a reserved processor was not given back", "error", err)
		}
	}, nil
}
