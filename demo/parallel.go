package demo

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls do(0) to do(n−1), each once, on all cores. What do writes must not depend on the order.
func parallel(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	wg.Wait()
}
