package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"

	"github.com/minio/minio-go/v7"

	"volara/fault"
)

// S3 is a Store in a bucket of an object store that speaks S3's protocol: each value an object. Requests are repeated
// where that may help (see Retry). Put is atomic, as the protocol has it: a reader sees all of an object or none.
//
// Lock excludes the users of this S3 only. What is read, changed and written back goes through Change, which writes only
// over what it has read (If-Match, If-None-Match) and begins again when another process was faster. On a server that refuses
// such conditions it writes without, and a warning says so once: there, two processes that change one object at once lose
// what one of them has written.
//
// What cannot be read without listing rights is told from what is missing as HTTP does.
type S3 struct {
	bucket    string
	options   S3Options
	client    minio.Core
	transport *http.Transport
	anonymous bool // no credentials are sent
	locks     keyedMutex
	access    access
	// unconditional tells that the server does not know conditions.
	unconditional atomic.Bool
}

var (
	_ Store        = (*S3)(nil)
	_ Sizer        = (*S3)(nil)
	_ BufferGetter = (*S3)(nil)
	_ Locker       = (*S3)(nil)
	_ Namer        = (*S3)(nil)
	_ NamesLister  = (*S3)(nil)
	_ Changer      = (*S3)(nil)
	_ LockChecker  = (*S3)(nil)
	_ Versioner    = (*S3)(nil)
	_ Wiper        = (*S3)(nil)
)

// Close releases connections that are not in use.
func (s *S3) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// String implements Store: the URL of the bucket.
func (s *S3) String() string { return "s3://" + s.bucket }

// Name implements Namer: the URL of the object.
func (s *S3) Name(key string) string { return "s3://" + s.bucket + "/" + key }

// Origin returns where the bucket is: two buckets of one name at two places are not the same.
func (s *S3) Origin() string { return s.client.EndpointURL().String() }

// Get implements Store.
func (s *S3) Get(ctx context.Context, key string) ([]byte, error) {
	return s.GetBuffer(ctx, key, nil, math.MaxInt64)
}

// GetBuffer implements BufferGetter.
func (s *S3) GetBuffer(ctx context.Context, key string, buf []byte, limit int64) ([]byte, error) {
	value, _, err := s.get(ctx, key, buf, limit)
	return value, err
}

// get returns a value and its version.
func (s *S3) get(ctx context.Context, key string, buf []byte, limit int64) (value []byte, version string, err error) {
	err = s.read(ctx, key, func(ctx context.Context, alive func()) error {
		body, info, _, err := s.client.GetObject(ctx, s.bucket, key, s.options.reading())
		if err != nil {
			return err
		}
		defer finish(body)
		alive()
		version = info.ETag
		value, err = readBody(body, info.Size, buf, limit, alive)
		return err
	})
	return value, version, err
}

// GetRange implements Store.
func (s *S3) GetRange(ctx context.Context, key string, offset, length int64) (value []byte, err error) {
	want := span{offset, length}
	if err := want.check(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.Name(key), err)
	}
	if length == 0 { // no header can ask for nothing
		size, err := s.Size(ctx, key)
		if err == nil {
			_, err = window(size, offset, 0)
		}
		return nil, err
	}
	err = s.read(ctx, key, func(ctx context.Context, alive func()) error {
		o := s.options.reading()
		o.Set("Range", want.header())
		body, info, header, err := s.client.GetObject(ctx, s.bucket, key, o)
		if err != nil {
			return err
		}
		defer finish(body)
		alive()
		status := http.StatusOK
		if header.Get("Content-Range") != "" {
			status = http.StatusPartialContent
		}
		value, err = want.read(status, header, info.Size, body, alive)
		return err
	})
	return value, err
}

// Size implements Sizer.
func (s *S3) Size(ctx context.Context, key string) (size int64, err error) {
	info, err := s.stat(ctx, key)
	return info.Size, err
}

// Version implements Versioner: the object's entity tag.
func (s *S3) Version(ctx context.Context, key string) (string, error) {
	info, err := s.stat(ctx, key)
	return info.ETag, err
}

func (s *S3) stat(ctx context.Context, key string) (info minio.ObjectInfo, err error) {
	err = s.read(ctx, key, func(ctx context.Context, _ func()) error {
		info, err = s.client.StatObject(ctx, s.bucket, key, s.options.reading())
		return err
	})
	return info, err
}

// read does what reads the object of a key.
func (s *S3) read(ctx context.Context, key string, try func(ctx context.Context, alive func()) error) error {
	err := s.do(ctx, key, try)
	if errors.Is(err, errForbidden) {
		err = s.access.refused(ctx, key, err, func(ctx context.Context, known string) error {
			return s.do(ctx, known, func(ctx context.Context, _ func()) error {
				_, err := s.client.StatObject(ctx, s.bucket, known, s.options.reading())
				return err
			})
		})
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", s.Name(key), err)
	}
	s.access.allowed(key)
	return nil
}

// do makes a request as often as needed; its error is one of this package's.
func (s *S3) do(ctx context.Context, key string, try func(ctx context.Context, alive func()) error) error {
	return s.doInSteps(ctx, key, func(ctx context.Context, w *watch) error { return try(ctx, w.alive) })
}

// doInSteps is do for a try that gets on in steps (see watch).
func (s *S3) doInSteps(ctx context.Context, key string, try func(ctx context.Context, w *watch) error) error {
	if ended(ctx) {
		return context.Cause(ctx)
	}
	if err := checkKey(key); err != nil {
		return err
	}
	return s.options.Retry.doInSteps(ctx, func(ctx context.Context, w *watch) error {
		after := &retryHint{}
		return s.meaning(try(context.WithValue(ctx, retryHint{}, after), w), after)
	})
}

// missingBucket is not ErrNotExist: a bucket is not made by writing into it.
func (s *S3) missingBucket() error {
	return fault.Permanent(fmt.Errorf("there is no bucket %q at %s", s.bucket, s.Origin()))
}
