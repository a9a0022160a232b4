package console

import (
	"strings"
	"testing"

	"volara/stream"
)

func TestEventIsOneLine(t *testing.T) {
	var b strings.Builder
	e := stream.Event{Time: start, Kind: "failed", Task: "relabel", Attempt: 2, Error: "chunk 0/1:\n\ttruncated\x1b[2J", Worker: "worker-1"}
	if err := WriteEvent(&b, e); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "  relabel  attempt 2  chunk 0/1:  truncated [2J  worker-1\n") {
		t.Errorf("%q", got)
	}
}
