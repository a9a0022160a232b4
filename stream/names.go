package stream

import (
	"fmt"
	"strconv"
	"strings"
)

// Names of everything a run keeps in JetStream. Runs and tasks may have any name; in subjects, streams, buckets and
// keys they stand as tokens.

// leaseBucket holds one key a run: who leads it.
const leaseBucket = "volara_lease"

// token writes a name with the characters that NATS allows in subjects, streams, buckets and keys alike: letters,
// digits and '-' stand for themselves, any other byte is '_' and two hexadecimal digits.
func token(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

// untoken is the inverse of token.
func untoken(t string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(t); i++ {
		if t[i] != '_' {
			b.WriteByte(t[i])
			continue
		}
		if i+2 >= len(t) {
			return "", fmt.Errorf("token %q ends within an escape", t)
		}
		c, err := strconv.ParseUint(t[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("token %q: %w", t, err)
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), nil
}

func stateBucket(run string) string  { return "volara_state_" + token(run) }
func doneStream(run string) string   { return "DONE_" + token(run) }
func eventsStream(run string) string { return "EVENTS_" + token(run) }

// eventSubject carries events for people.
func eventSubject(run string) string { return "e." + token(run) }

// doneSubject carries the completion events of one task; doneSubjects matches those of all.
func doneSubject(run, task string) string { return "d." + token(run) + "." + token(task) }
func doneSubjects(run string) string      { return "d." + token(run) + ".*" }

// wakeSubject carries the tracker's hints to idle workers: there is work, or a new epoch. Hints may be lost.
func wakeSubject(run string) string { return "k." + token(run) }

// reportSubject carries the workers' reports to the tracker: slots, blocks in work, pauses. Reports may be lost.
func reportSubject(run string) string { return "h." + token(run) }

// controlSubject carries requests to whoever leads the run: cancel, retry. They are answered.
func controlSubject(run string) string { return "c." + token(run) }

// workStream is the queue of one epoch; workConsumer is a task's consumer on it.
func workStream(run string, epoch uint64) string {
	return workStreamPrefix(run) + strconv.FormatUint(epoch, 10)
}
func workStreamPrefix(run string) string { return "W_" + token(run) + "_" }

// isWorkStream reports whether a stream is a queue of the run whose prefix is given, of whatever epoch.
func isWorkStream(stream, prefix string) bool {
	epoch, ok := strings.CutPrefix(stream, prefix)
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(epoch, 10, 64)
	return err == nil
}
func workConsumer(task string) string { return token(task) }

// workSubject is the subject of a work message; first is its first block.
func workSubject(run string, epoch uint64, task, generation string, first int64) string {
	return fmt.Sprintf("w.%s.%d.%s.%s.%d", token(run), epoch, token(task), generation, first)
}
func workSubjects(run string, epoch uint64) string {
	return fmt.Sprintf("w.%s.%d.>", token(run), epoch)
}
func workSubjectsOfRun(run string) string { return "w." + token(run) + ".>" }
func workTaskSubjects(run string, epoch uint64, task string) string {
	return fmt.Sprintf("w.%s.%d.%s.>", token(run), epoch, token(task))
}

// Keys of a run's state bucket.
const (
	keyRun    = "run"    // the record workers join by: epoch and plan
	keyGuests = "guests" // the last epoch that workers have served whose journals the tracker does not see
	keyCursor = "cursor" // how far the events for people are known to cover the bitmaps
)

func keyGeneration(task string) string { return "task." + token(task) }

// keyDone and keyTrouble name a page of PageBits blocks of one generation.
func keyDone(task, generation string, page int) string {
	return fmt.Sprintf("done.%s.%s.%d", token(task), generation, page)
}

// keyMasked names a page of the blocks that are done because a mask excludes them.
func keyMasked(task, generation string, page int) string {
	return fmt.Sprintf("masked.%s.%s.%d", token(task), generation, page)
}

// keyHoles is there when a run of the generation has skipped blocks.
func keyHoles(task, generation string) string { return "holes." + token(task) + "." + generation }

// keyOwed names the record of what is consumed of one generation and may not have been handed over.
func keyOwed(task, generation string) string {
	return fmt.Sprintf("owed.%s.%s", token(task), generation)
}
func keyTrouble(task, generation string, page int) string {
	return fmt.Sprintf("trouble.%s.%s.%d", token(task), generation, page)
}
