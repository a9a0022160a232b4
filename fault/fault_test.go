package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"volara/fault"
)

func TestMarks(t *testing.T) {
	plain := fmt.Errorf("read chunk: %w", io.ErrUnexpectedEOF)
	for _, c := range []struct {
		name                   string
		err                    error
		permanent, environment bool
	}{
		{"nil", nil, false, false},
		{"ordinary", plain, false, false},
		{"permanent", fault.Permanent(plain), true, false},
		{"environment", fault.Environment(plain), false, true},
		{"wrapped", fmt.Errorf("block 3: %w", fault.Permanent(plain)), true, false},
		{"wrapped twice", fmt.Errorf("run: %w", fmt.Errorf("block 3: %w", fault.Environment(plain))), false, true},
		{"joined", errors.Join(io.EOF, fault.Permanent(plain)), true, false},
		{"both", fault.Permanent(fault.Environment(plain)), true, true},
	} {
		if got := fault.IsPermanent(c.err); got != c.permanent {
			t.Errorf("%s: permanent is %v", c.name, got)
		}
		if fault.IsTakenOver(c.err) {
			t.Errorf("%s: taken over", c.name)
		}
		if got := fault.IsEnvironment(c.err); got != c.environment {
			t.Errorf("%s: environment is %v", c.name, got)
		}
	}
}

func TestMarksKeepTheError(t *testing.T) {
	if fault.Permanent(nil) != nil || fault.Environment(nil) != nil {
		t.Error("a mark makes an error of nil")
	}
	plain := fmt.Errorf("read chunk: %w", io.ErrUnexpectedEOF)
	for _, err := range []error{fault.Permanent(plain), fault.Environment(plain)} {
		if err.Error() != plain.Error() || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v hides %v", err, plain)
		}
	}
}

func TestTakenOver(t *testing.T) {
	err := fmt.Errorf("block 3: %w", fault.TakenOver(io.EOF))
	if !fault.IsTakenOver(err) || !fault.IsPermanent(err) || fault.IsEnvironment(err) || !errors.Is(err, io.EOF) || err.Error() != "block 3: EOF" {
		t.Errorf("%v is not taken over, or not permanent", err)
	}
	if fault.TakenOver(nil) != nil {
		t.Error("a mark makes an error of nil")
	}
}
