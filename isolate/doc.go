// Package isolate runs the blocks of a task in child processes, so that a block that crashes its process, leaks memory
// or never ends takes nothing else with it.
//
// A Pool is a stream.Processor. It keeps children, one for each block that is in work at once, and hands a block to one
// of them over a pair of pipes; Serve is the life of a child. What the child may still commit follows the hold of the
// parent's slot: the parent passes on until when the block is held, and the child's context ends by itself at that time,
// also when the parent has been stopped. A block whose time is up, or whose hold is lost, is killed.
//
// The messages are frames of JSON (message), so that a child need not be this program; they stand in docs/protocol.md.
package isolate
