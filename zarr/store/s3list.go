package store

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/minio/minio-go/v7"
)

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
// breaks off goes on behind the greatest name that came. The caller may take its time with each.
func (s *S3) objects(ctx context.Context, prefix string, recursive bool) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		o := minio.ListObjectsOptions{Prefix: prefix, Recursive: recursive}
		if s.options.RequesterPays {
			o.Set(requestPayer, "requester")
		}
		stopped := false
		err := s.doInSteps(ctx, "list", func(ctx context.Context, w *watch) error {
			behind := o.StartAfter
			for info := range s.client.ListObjectsIter(ctx, s.bucket, o) {
				if info.Err != nil {
					return info.Err
				}
				if behind != "" && info.Key <= behind {
					continue // a folder comes again as long as something in it is behind its name
				}
				// A page has its objects first, then its folders; errors come between pages.
				o.StartAfter = max(o.StartAfter, info.Key)
				if w.away(func() { stopped = !yield(info, nil) }); stopped {
					return nil
				}
			}
			if ended(ctx) { // the iterator just stops
				return context.Cause(ctx)
			}
			return nil
		})
		if err != nil && !stopped {
			yield(minio.ObjectInfo{}, fmt.Errorf("listing %s: %w", s.Name(prefix), err))
		}
	}
}
