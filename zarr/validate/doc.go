// Package validate checks zarr hierarchies against OME-NGFF, versions 0.4 and 0.5: the metadata by the rules of the
// published schemas and of the specification's text, and what no schema can see: whether the arrays, label images and wells
// that it names are there and fit it.
//
//	report, err := validate.Node(ctx, node, validate.Options{})
//	json.NewEncoder(os.Stdout).Encode(report)   // {"valid": true}
//
// What is wrong with the data is in the report; an error means that it could not be looked at.
package validate
