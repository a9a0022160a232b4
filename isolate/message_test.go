package isolate

import (
	"errors"
	"testing"

	"volara/fault"
)

// What an error says of itself is known on the other side.
func TestMarksCrossThePipe(t *testing.T) {
	plain := errors.New("x")
	for _, err := range []error{nil, plain, fault.Permanent(plain), fault.Environment(plain), fault.TakenOver(plain)} {
		got := newFailure(err).error()
		if (got == nil) != (err == nil) || fault.IsPermanent(got) != fault.IsPermanent(err) ||
			fault.IsEnvironment(got) != fault.IsEnvironment(err) || fault.IsTakenOver(got) != fault.IsTakenOver(err) {
			t.Errorf("%#v has become %#v", err, got)
		}
	}
}
