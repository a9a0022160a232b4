// Package picture draws planes of arrays: images in grey, labels in colours that follow from their ids alone, channels as
// red, green and blue. What it draws keeps its place in the world, so that something else can be laid over it.
//
//	p, err := picture.Slice(ctx, array, picture.Options{Axis: "z"})
//	p.Frame.Rect(block) // the pixels of a region of the world
//	err = png.Encode(file, p.Image)
package picture
