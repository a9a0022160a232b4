package embedded

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A server whose disk was full is replaced by another one on the same store, at the same address, once there is space;
// connections go on.
func TestRevival(t *testing.T) {
	s := start(t, Options{Dir: t.TempDir()})
	nc, js := connect(t, s)
	fill(t, js, "b")
	first, url := s.current(), s.URL()
	first.Errorf("JetStream failed to store a msg: write 1.blk: %v", unix.ENOSPC) // as it says on a full disk
	for began := time.Now(); s.current() == first || !nc.IsConnected(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("the server was not replaced, or the connection is lost")
		}
	}
	if s.URL() != url {
		t.Errorf("it was at %s and is at %s", url, s.URL())
	}
	kv, err := js.KeyValue(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	if entry, err := kv.Get(t.Context(), "key"); err != nil || string(entry.Value()) != "value" {
		t.Errorf("%v, %v", entry, err)
	}
}
