package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/minio/minio-go/v7"

	"volara/fault"
)

// S3 is a Store in a bucket of an object store that speaks S3's protocol: each value an object. Requests are repeated
// where that may help (see Retry). Put is atomic, as the protocol has it: a reader sees all of an object or none.
//
// Lock excludes the users of this S3 only. What is read, changed and written back goes through Change, which writes only
// over what it has read (If-Match, If-None-Match) and begins again when another process was faster; on a server that does
// not know such conditions, two processes that change one object at once lose what one of them has written.
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
	if ended(ctx) {
		return context.Cause(ctx)
	}
	if err := checkKey(key); err != nil {
		return err
	}
	return s.options.Retry.do(ctx, func(ctx context.Context, alive func()) error {
		after := &retryHint{}
		return s.meaning(try(context.WithValue(ctx, retryHint{}, after), alive), after)
	})
}

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
	err := s.do(ctx, key, func(ctx context.Context, _ func()) error {
		o := s.options.writing()
		o.DisableContentSha256 = len(value) == 0 // servers want the length of nothing, which chunks do not tell
		switch {
		case version == anyVersion || s.unconditional.Load():
		case version == "":
			o.SetMatchETagExcept("*")
		default:
			o.SetMatchETag(version)
		}
		_, err := s.client.Client.PutObject(ctx, s.bucket, key, bytes.NewReader(value), int64(len(value)), o)
		return err
	})
	if errors.Is(err, errNoConditions) && version != anyVersion && !s.unconditional.Swap(true) {
		return s.putIf(ctx, key, value, anyVersion)
	}
	return err
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, key string) error {
	err := mayWrite(ctx)
	if err == nil {
		err = s.do(ctx, key, func(ctx context.Context, _ func()) error {
			return s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{})
		})
	}
	if err != nil && !errors.Is(err, ErrNotExist) {
		return fmt.Errorf("deleting %s: %w", s.Name(key), err)
	}
	return nil
}

// Lock implements Locker: it excludes other users of this S3, not other processes.
func (s *S3) Lock(ctx context.Context, key string) (func(), error) { return s.locks.lock(ctx, key) }

// List implements Store.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for o, err := range s.objects(ctx, prefix, true) {
			if err == nil && checkKey(o.Key) != nil {
				continue // a folder's mark, or nothing of ours
			}
			if !yield(Entry{o.Key, o.Size}, err) {
				return
			}
		}
	}
}

// Names implements NamesLister.
func (s *S3) Names(ctx context.Context, prefix string, most int) ([]string, error) {
	var names []string
	for o, err := range s.objects(ctx, prefix, false) {
		if err != nil {
			return nil, err
		}
		if name := strings.TrimPrefix(o.Key, prefix); name != "" && len(names) < most {
			names = append(names, name)
		}
		if len(names) >= most {
			break
		}
	}
	return names, nil
}

// objects lists objects; where it is not to look into folders, also those, their names ending in a slash. A listing that
// breaks off goes on behind the last name that came.
func (s *S3) objects(ctx context.Context, prefix string, recursive bool) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		o := minio.ListObjectsOptions{Prefix: prefix, Recursive: recursive}
		if s.options.RequesterPays {
			o.Set(requestPayer, "requester")
		}
		stopped := false
		err := s.do(ctx, "list", func(ctx context.Context, alive func()) error {
			for info := range s.client.ListObjectsIter(ctx, s.bucket, o) {
				if info.Err != nil {
					return info.Err
				}
				alive()
				o.StartAfter = info.Key
				if stopped = !yield(info, nil); stopped {
					return nil
				}
			}
			return nil
		})
		if err == nil && !stopped && ended(ctx) { // the iterator just stops
			err = context.Cause(ctx)
		}
		if err != nil {
			yield(minio.ObjectInfo{}, fmt.Errorf("listing %s: %w", s.Name(prefix), err))
		}
	}
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

// missingBucket is not ErrNotExist: a bucket is not made by writing into it.
func (s *S3) missingBucket() error {
	return fault.Permanent(fmt.Errorf("there is no bucket %q at %s", s.bucket, s.Origin()))
}
