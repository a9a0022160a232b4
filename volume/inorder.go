package volume

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"
)

// InOrder runs do for every job, up to so many at once, and gives the results to take, one at a time and in the order of
// the jobs. No more than so many results exist that were not taken. The first error ends it and is returned.
func InOrder[J, R any](ctx context.Context, workers int, jobs iter.Seq[J], do func(context.Context, J) (R, error), take func(R) error) error {
	g, ctx := errgroup.WithContext(ctx)
	places := make(chan struct{}, workers)
	queue := make(chan chan R, workers)
	g.Go(func() error {
		defer close(queue)
		for job := range jobs {
			select {
			case places <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			result := make(chan R, 1)
			queue <- result // has room: there are no more results than places
			g.Go(func() error {
				r, err := do(ctx, job)
				if err == nil {
					result <- r
				}
				return err
			})
		}
		return nil
	})
	g.Go(func() error {
		for result := range queue {
			select {
			case r := <-result:
				if err := take(r); err != nil {
					return err
				}
				<-places
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}
