package stages

import (
	"strings"
	"testing"
)

// Whoever has an output is named, with the time where the generation tells it.
func TestMarkerNamesItsOwner(t *testing.T) {
	var none *Marker
	if got := none.who(); got != "" {
		t.Errorf("nobody is %q", got)
	}
	if got := (&Marker{Run: "r", Task: "t", Generation: "g"}).who(); got != ": task t of run r" {
		t.Errorf("without a time: %q", got)
	}
	if got := (&Marker{Run: "r", Task: "t", Generation: "01M830PM5HS2CX8NP27Y0QYXH6"}).who(); !strings.HasPrefix(got, ": task t of run r, begun at 20") {
		t.Errorf("with a time: %q", got)
	}
}
