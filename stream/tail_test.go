package stream

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestEventTail reads events piece by piece while their files grow and take each other's places, and misses none as long as
// they are kept.
func TestEventTail(t *testing.T) {
	dir := t.TempDir()
	tail := NewEventTail(dir)
	defer tail.Close()
	written, seen := 0, 0
	write := func(n int, torn string) {
		t.Helper()
		f, err := os.OpenFile(eventsPath(dir, 0), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			fmt.Fprintf(f, "{\"kind\":\"block_done\",\"attempt\":%d}\n", written)
			written++
		}
		fmt.Fprint(f, torn)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	rotate := func() {
		t.Helper()
		for i := eventsFiles - 1; i > 0; i-- {
			os.Rename(eventsPath(dir, i-1), eventsPath(dir, i))
		}
	}
	read := func(want int) {
		t.Helper()
		err := tail.Read(func(e Event) error {
			if e.Attempt != seen {
				t.Fatalf("event %d comes where %d is due", e.Attempt, seen)
			}
			seen++
			return nil
		})
		if err != nil || seen != want {
			t.Fatalf("%d events were read, want %d (%v)", seen, want, err)
		}
	}
	read(0)
	write(3, "")
	read(3)
	read(3)
	write(2, `{"kind":"block_done","att`)
	read(5)
	write(0, fmt.Sprintf("empt\":%d}\n", written))
	written++
	read(6)
	write(40000, "") // more than is read at once
	rotate()
	write(10, "")
	rotate()
	read(40016)
	write(5, "")
	rotate()
	write(5, "")
	read(40026)
	for range eventsFiles { // more than is kept
		rotate()
		write(1, "")
	}
	seen = written - eventsFiles
	read(written)

	stop := errors.New("enough")
	write(1, "")
	if err := tail.Read(func(Event) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	read(written)
}

// TestInWork reads what journals note, and none that are torn or another run's.
func TestInWork(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	busy := func(run, task string, blocks ...Range) *journal {
		j, err := openJournal(filepath.Join(dir, "journal-host"), "w")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { j.close() })
		if err := j.note(journalEntry{Run: run, Worker: "w", Work: work{Task: task, Blocks: blocks}}); err != nil {
			t.Fatal(err)
		}
		return j
	}
	busy("r", "a", Range{3, 2})
	busy("r", "a", Range{9, 1})
	busy("other", "a", Range{20, 1})
	idle, torn := busy("r", "b", Range{1, 1}), busy("r", "b", Range{2, 1})
	if err := idle.clear(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(torn.path, 20); err != nil {
		t.Fatal(err)
	}
	got, err := InWork(dir)
	if err != nil || len(got) != 1 || got["a"].Count() != 3 {
		t.Errorf("%v %v", got, err)
	}
}
