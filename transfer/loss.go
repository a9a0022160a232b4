package transfer

import (
	"context"
	"fmt"

	"volara/zarr"
	"volara/zarr/store"
)

// countObjects returns how many objects each array of the copy has, nil where counting them means asking another machine.
func (c *Copy) countObjects(ctx context.Context, to *store.Node) (map[string]int64, error) {
	if _, ok := to.Store.(*store.Local); !ok {
		return nil, nil
	}
	counts := map[string]int64{}
	for _, it := range c.arrays {
		a, err := zarr.OpenNode(ctx, at(to, it.name))
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			continue // its metadata is lost or damaged: none can be read
		}
		for _, err := range a.Objects(ctx) {
			if err != nil {
				return nil, fmt.Errorf("counting the objects of %s: %w", a.Path(), err)
			}
			counts[it.name]++
		}
	}
	return counts, nil
}

// findLoss looks for objects that a copy had when it was done and has no longer. Its pieces are then copied again where one
// is missing.
func (c *Copy) findLoss(ctx context.Context, old record) error {
	if old.State != stateDone || old.Objects == nil {
		return nil
	}
	now, err := c.countObjects(ctx, c.to)
	if err != nil {
		return err
	}
	for name, n := range old.Objects {
		c.lost += max(0, n-now[name])
	}
	if c.lost > 0 {
		c.record.State = stateRunning
	}
	return nil
}

// Lost returns how many objects of a copy that was done are missing; Run copies them again.
func (c *Copy) Lost() int64 { return c.lost }
