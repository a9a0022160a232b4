// Package view shows arrays in a web viewer, Neuroglancer: it serves them over HTTP as zarr and writes the viewer's state,
// in which each array lies at its place as an image, as affinities or as labels. It reads and never writes.
//
//	s := view.NewServer(view.Options{Find: view.Paths([]view.Request{{Path: "volume.zarr/raw"}}, zarr.Overrides{})})
//	http.Serve(listener, s.Handler("/"))
//	link, err := s.Link(ctx, "http://127.0.0.1:8080/")
//
// What the viewer can read is served as it is stored, file by file; everything else (types and codecs that the viewer does
// not know, remote stores, arrays computed as they are read) is served as a virtual zarr v3 array, whose chunks are read,
// converted and compressed when they are asked for. Requests name keys of arrays, never paths: nothing but what was found
// can be reached.
//
// The viewer's formats: https://neuroglancer-docs.web.app/ and src/datasource/zarr of https://github.com/google/neuroglancer
package view
