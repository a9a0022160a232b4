package store

import "context"

// WithFence returns a context under which stores ask check right before they make a value visible or delete one; its
// error ends the write. So a writer that was held up, and has lost its right meanwhile, does not write over another's
// values. It holds for the contexts derived from this one, too, unlike an Err of the context's own.
//
// What is left is the time between the question and the write itself. In a directory there is none if whoever takes the
// right over changes what check looks at first and then calls Clean: the writer's file is gone before it has its name. A
// bucket is written only as it was before the question (see S3). Reading asks nothing.
func WithFence(ctx context.Context, check func() error) context.Context {
	if outer, ok := ctx.Value(fenceKey{}).(func() error); ok {
		inner := check
		check = func() error {
			if err := outer(); err != nil {
				return err
			}
			return inner()
		}
	}
	return context.WithValue(ctx, fenceKey{}, check)
}

type fenceKey struct{}

// isFenced reports whether there is a fence to ask.
func isFenced(ctx context.Context) bool { return ctx.Value(fenceKey{}) != nil }

// mayWrite returns why a writer may not make its value visible: its context is done, or the fence says so.
func mayWrite(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if check, ok := ctx.Value(fenceKey{}).(func() error); ok {
		return check()
	}
	return nil
}
