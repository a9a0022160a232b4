// Package config reads configuration files (YAML, of which JSON is a part) strictly into Go structs, and says what is
// wrong in words that the author of the file understands: file, line, column, the line itself with a caret under the
// offending word, what is needed there, and the nearest valid name.
//
//	pipeline.yaml:12:5: unknown field "bock_size" in extract-frags
//	   12 |     bock_size: [64, 64, 64]
//	      |     ^^^^^^^^^ did you mean "block_size"?
//
// Parse turns a file into a tree of Nodes; Node.Decode fills structs from a node and reports all independent errors
// together; Node.Errorf lets later checks, which know more than types, point into the file as well:
//
//	root, err := config.Parse("pipeline.yaml", src)
//	...
//	var frags struct {
//		BlockSize geometry.Coordinate `yaml:"block_size,required"`
//		Bias      []float64           `yaml:"bias"`
//	}
//	if err := root.Decode(&frags); err != nil { ... }
//	if len(frags.Bias) != len(neighborhood) {
//		return root.At("bias").Errorf("bias has %d values, one for each of %d offsets is needed", ...)
//	}
//
// The package knows files, types and geometry's values; what a task is, and which values make sense together, is
// decided above it. Every input is safe to parse: size, nesting and what aliases expand to are bounded.
package config
