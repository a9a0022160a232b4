package kernels

import "fmt"

// mustFit panics unless a slice called name holds want elements.
func mustFit(name string, have, want int) {
	if have != want {
		panic(fmt.Sprintf("kernels: %s holds %d elements, its shape %d", name, have, want))
	}
}
