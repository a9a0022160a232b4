// Package ngff knows what OME-NGFF metadata says of a group of arrays: images and their levels, channels and their display,
// labels, plates, wells, and the containers of bioformats2raw. It reads versions 0.1 to 0.5 and writes 0.4 and 0.5; it
// knows groups and their attributes, nothing of arrays, which package zarr opens and package validate looks into.
//
//	g, err := ngff.Read(ctx, node)     // nil where there is no such metadata
//	image, err := g.Image()
//	level, err := image.Choose(ngff.Nearest([]float64{40, 8, 8}, "nanometer"))
//
// Numbers are in the order of the axes, for all axes. Whatever is wrong is an error that names the file and the field;
// such an error is marked fault.Permanent. Each part of the metadata is only read when it is asked for: a broken omero
// does not keep an image from being opened.
//
// Format: https://ngff.openmicroscopy.org/0.4/ and https://ngff.openmicroscopy.org/0.5/
package ngff
