//go:build !failpoints

package fault

// Point marks a place where a crash is of interest: the program does the same here whether it is killed, stopped and
// woken later, or left alone. It does nothing; in programs built with the tag failpoints, which the chaos tests run,
// VOLARA_POINTS names the places where something happens (test/chaos, docs/protocol.md).
func Point(string) {}
