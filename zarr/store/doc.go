// Package store holds the objects of zarr arrays: values under keys such as "zarr.json" or "c/0/1/2". It knows nothing
// of what the values mean.
//
// A store is one file and a test that calls the conformance suite in storetest:
//
//	s, err := store.OpenLocal("volume.zarr/raw", store.LocalOptions{})
//	err = s.Put(ctx, "c/0/0/0", chunk)     // all of it or nothing
//	chunk, err = s.Get(ctx, "c/0/0/0")     // store.ErrNotExist when it is missing
package store
