package zarr

import "golang.org/x/sys/unix"

// populate maps whole pages. Kernels before 5.14 refuse, and the pages are mapped as they are touched.
func populate(pages []byte) { _ = unix.Madvise(pages, unix.MADV_POPULATE_WRITE) }
