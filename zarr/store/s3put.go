package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"volara/fault"
)

// Put implements Store. Under a fence, only what was there before the fence was asked is written over.
func (s *S3) Put(ctx context.Context, key string, value []byte) error {
	err := s.put(ctx, key, value)
	if err != nil {
		return fmt.Errorf("writing %s: %w", s.Name(key), err)
	}
	return nil
}

func (s *S3) put(ctx context.Context, key string, value []byte) error {
	if !isFenced(ctx) || s.unconditional.Load() {
		if err := mayWrite(ctx); err != nil {
			return err
		}
		return s.putIf(ctx, key, value, anyVersion)
	}
	return untilUnchanged(ctx, func() error {
		version, err := s.Version(ctx, key)
		if err != nil && !errors.Is(err, ErrNotExist) {
			return err
		}
		if err := mayWrite(ctx); err != nil {
			return err
		}
		return s.putIf(ctx, key, value, version)
	})
}

// anyVersion makes putIf write over whatever is there.
const anyVersion = "*"

// putIf stores a value if the object is still of the given version ("": not there); if not, it returns errChanged.
func (s *S3) putIf(ctx context.Context, key string, value []byte, version string) error {
	err := s.do(ctx, key, func(ctx context.Context, alive func()) error {
		o := s.options.writing()
		o.DisableContentSha256 = len(value) == 0 // servers want the length of nothing, which chunks do not tell
		switch {
		case version == anyVersion || s.unconditional.Load():
		case version == "":
			o.SetMatchETagExcept("*")
		default:
			o.SetMatchETag(version)
		}
		body := bytes.NewReader(value)
		_, err := s.client.Client.PutObject(ctx, s.bucket, key, upload{reader{body, alive}, body}, int64(len(value)), o)
		return err
	})
	if errors.Is(err, errNoConditions) && version != anyVersion {
		if !s.unconditional.Swap(true) {
			slog.WarnContext(ctx, "the server knows no conditional writes: processes that change parts of one object at once, or a writer "+
				"of an earlier run, may undo what another wrote", "store", s.String(), "at", s.Origin())
		}
		return s.putIf(ctx, key, value, anyVersion)
	}
	return err
}

// Lock implements Locker: it excludes other users of this S3, not other processes.
func (s *S3) Lock(ctx context.Context, prefix, key string) (func(), error) {
	return s.locks.lock(ctx, prefix+key)
}

// Change implements Changer.
func (s *S3) Change(ctx context.Context, key string, limit int64, buf []byte, change func(old []byte) ([]byte, error)) error {
	unlock, err := s.locks.lock(ctx, key) // spares those of this process the conflicts
	if err != nil {
		return err
	}
	defer unlock()
	return untilUnchanged(ctx, func() error {
		old, version, err := s.get(ctx, key, buf, limit)
		if err != nil && !errors.Is(err, ErrNotExist) {
			return err
		}
		if err != nil {
			version = ""
		}
		value, err := change(whenThere(old, err))
		if err != nil {
			return err
		}
		switch {
		case value == nil && version == "":
			return nil // there is nothing, and nothing is wanted
		case value == nil:
			return s.deleteIf(ctx, key, version)
		}
		if err := mayWrite(ctx); err != nil {
			return err
		}
		return s.putIf(ctx, key, value, version)
	})
}

// CheckLocks implements LockChecker. It writes an object and tries to write over it as nobody may: where that works, the
// server passes over conditions.
func (s *S3) CheckLocks(ctx context.Context, prefix string) error {
	key := prefix + ".probe." + randomName()
	err := s.putIf(ctx, key, []byte("whether conditional writes hold"), anyVersion)
	if err != nil {
		return fmt.Errorf("writing %s, to see whether conditional writes hold: %w", s.Name(key), err)
	}
	const noVersion = "00000000000000000000000000000000"
	for condition, version := range map[string]string{"If-None-Match": "", "If-Match": noVersion} {
		err := s.putIf(ctx, key, nil, version)
		if err == nil {
			err = fault.Permanent(fmt.Errorf("%s at %s knows no conditional writes (%s), so that processes cannot exclude each other", s, s.Origin(), condition))
		}
		if !errors.Is(err, errChanged) {
			return errors.Join(err, s.Delete(ctx, key))
		}
	}
	return s.Delete(ctx, key)
}
