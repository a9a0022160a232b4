// Package stages holds the task types: one file each, with its configuration, how it plans its grid and outputs, and
// how it processes a block. The explicit list is in builtin.go.
//
// A stage knows arrays, graphs and kernels; it knows nothing of JetStream, scheduling or the pipeline file. A new task
// type is one file, one test and one line in builtin.go.
package stages
