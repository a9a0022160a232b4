package stream

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A journal notes what a slot has in work, where it survives the death of the process: a file of one record, locked by
// the process as long as it lives. A record is the length of its data and their CRC-32C, both 4 bytes little-endian,
// and the data; a length of 0 says that the slot is idle. Whoever finds the file unlocked knows that its process is
// dead and which blocks it had.
type journal struct {
	file *os.File
	path string
}

const (
	journalHeader = 8
	journalSuffix = ".journal"
)

// journalEntry is what a record says.
type journalEntry struct {
	Run    string `json:"run"`
	Worker string `json:"worker"`
	Work   work   `json:"work"`
}

// openJournal makes the journal of a slot.
func openJournal(dir, worker string) (*journal, error) {
	if err := makeDir(dir); err != nil {
		return nil, diskError(err)
	}
	f, err := os.CreateTemp(dir, fmt.Sprintf("%s-%d-*.new", token(worker), os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("make a journal: %w", diskError(err))
	}
	path := strings.TrimSuffix(f.Name(), ".new") + journalSuffix
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = os.Rename(f.Name(), path) // nobody has seen it without its lock
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a journal: %w", diskError(err)), os.Remove(f.Name()), f.Close())
	}
	return &journal{f, path}, nil
}

// note writes what the slot takes into work. The nil journal notes nothing.
func (j *journal) note(e journalEntry) error {
	if j == nil {
		return nil
	}
	data := encode(e)
	record := make([]byte, journalHeader, journalHeader+len(data))
	binary.LittleEndian.PutUint32(record, uint32(len(data)))
	binary.LittleEndian.PutUint32(record[4:], crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	if _, err := j.file.WriteAt(append(record, data...), 0); err != nil {
		return fmt.Errorf("write a journal: %w", diskError(err))
	}
	return nil
}

// clear says that the slot is idle.
func (j *journal) clear() error {
	if j == nil {
		return nil
	}
	if _, err := j.file.WriteAt(make([]byte, journalHeader), 0); err != nil {
		return fmt.Errorf("clear a journal: %w", diskError(err))
	}
	return nil
}

// close removes the journal of a slot that is idle.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return errors.Join(os.Remove(j.path), j.file.Close())
}

// readJournal returns what a file notes; false when the slot was idle or the record is torn.
func readJournal(f *os.File) (journalEntry, bool, error) {
	var e journalEntry
	record, err := io.ReadAll(f)
	if err != nil {
		return e, false, err
	}
	if len(record) < journalHeader {
		return e, false, nil
	}
	n := int64(binary.LittleEndian.Uint32(record))
	if n == 0 || n > int64(len(record))-journalHeader {
		return e, false, nil
	}
	data := record[journalHeader : journalHeader+n]
	if crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(record[4:]) {
		return e, false, nil
	}
	return e, json.Unmarshal(data, &e) == nil, nil
}

// loadJournals counts the blocks that dead workers of this host had in work as crashed. The files are removed once
// that is stored: l.journals.
func (l *life) loadJournals(now time.Time) error {
	if l.t.opts.JournalDir == "" {
		return nil
	}
	paths, err := filepath.Glob(filepath.Join(l.t.opts.JournalDir, "*"+journalSuffix))
	if err != nil {
		return fmt.Errorf("look for journals: %w", err)
	}
	for _, path := range paths {
		if err := l.loadJournal(path, now); err != nil {
			return fmt.Errorf("read journal %s: %w", path, err)
		}
	}
	return nil
}

func (l *life) loadJournal(path string, now time.Time) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // its worker has just left
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	alive := errors.Is(err, unix.EWOULDBLOCK)
	if err != nil && !alive {
		return err
	}
	e, busy, err := readJournal(f)
	if err != nil {
		return err
	}
	if alive {
		l.liveJournals = l.liveJournals || busy || foreign(path)
		return nil
	}
	if busy && e.Run != l.t.plan.Run {
		return nil // another run's to read
	}
	if busy {
		l.log.Info("a worker died with blocks in work", "task", e.Work.Task, "blocks", e.Work.Blocks.Count(), "worker", e.Worker)
		l.foldCrash(e, now)
	}
	l.journals = append(l.journals, path)
	return nil
}

// foldCrash counts the blocks of a journal.
func (l *life) foldCrash(e journalEntry, now time.Time) {
	events, err := l.board.fold(completion{
		Task: e.Work.Task, Generation: e.Work.Generation, Epoch: e.Work.Epoch, Attempt: e.Work.Attempt,
		Worker: e.Worker, Crashed: e.Work.Blocks,
	}, now)
	if err != nil {
		l.log.Warn("ignoring a journal", "error", err)
		return
	}
	for _, event := range events {
		l.emit(event)
	}
}

// dropJournals removes the journals whose crashes are stored.
func (l *life) dropJournals() {
	for _, path := range l.journals {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.log.Warn("a journal is left behind", "error", err)
		}
	}
	l.journals = nil
}
