package pipeline

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"volara/fault"
)

// A full disk is nobody's mistake, however deep the error lies.
func TestBlameInput(t *testing.T) {
	if err := blameInput(fmt.Errorf("lock: %w", fault.FromOS(syscall.ENOSPC))); err == nil || IsInput(err) {
		t.Errorf("a full disk: %v is the input's fault", err)
	}
	if err := blameInput(errors.New("a file in the way")); !IsInput(err) {
		t.Errorf("a file in the way: %v is not the input's fault", err)
	}
	if err := blameInput(nil); err != nil {
		t.Error(err)
	}
}
