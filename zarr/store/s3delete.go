package store

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/minio/minio-go/v7"
)

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, key string) error {
	err := mayWrite(ctx)
	if err == nil {
		err = s.remove(ctx, key)
	}
	if err != nil && !errors.Is(err, ErrNotExist) {
		return fmt.Errorf("deleting %s: %w", s.Name(key), err)
	}
	return nil
}

// deleteIf deletes an object that is still of the given version; if not, it returns errChanged. Where the server does not
// know conditions for deleting, a change between the look at the object and its end is lost.
func (s *S3) deleteIf(ctx context.Context, key, version string) error {
	now, err := s.Version(ctx, key)
	if err == nil {
		err = mayWrite(ctx)
	}
	if err == nil && now != version {
		err = errChanged
	}
	if err == nil {
		err = s.remove(withIfMatch(ctx, version), key)
	}
	if errors.Is(err, errNoConditions) {
		err = s.remove(ctx, key)
	}
	switch {
	case errors.Is(err, ErrNotExist):
		return fmt.Errorf("deleting %s: it is gone: %w", s.Name(key), errChanged)
	case err != nil:
		return fmt.Errorf("deleting %s: %w", s.Name(key), err)
	}
	return nil
}

func (s *S3) remove(ctx context.Context, key string) error {
	return s.do(ctx, key, func(ctx context.Context, _ func()) error {
		return s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{})
	})
}

// Wipe implements Wiper.
func (s *S3) Wipe(ctx context.Context, keys iter.Seq[string]) error {
	const atOnce = 1000 // the most that one request can name
	batch := make([]string, 0, atOnce)
	flush := func() error {
		err := s.wipe(ctx, batch)
		batch = batch[:0]
		return err
	}
	for key := range keys {
		if batch = append(batch, key); len(batch) == atOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (s *S3) wipe(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	if err := mayWrite(ctx); err != nil {
		return err
	}
	err := s.do(ctx, keys[0], func(ctx context.Context, alive func()) error {
		objects := func(yield func(minio.ObjectInfo) bool) {
			for _, key := range keys {
				if !yield(minio.ObjectInfo{Key: key}) {
					return
				}
			}
		}
		results, err := s.client.RemoveObjectsWithIter(ctx, s.bucket, objects, minio.RemoveObjectsOptions{})
		if err != nil {
			return err
		}
		removed := 0
		for r := range results {
			if r.Err != nil {
				return r.Err
			}
			alive()
			removed++
		}
		if removed < len(keys) {
			return passing{fmt.Errorf("the server tells of %d of %d objects that they are deleted", removed, len(keys)), 0}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("deleting %d objects from %s on: %w", len(keys), s.Name(keys[0]), err)
	}
	return nil
}
