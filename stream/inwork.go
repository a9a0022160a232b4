package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// InWork returns the blocks that workers had in work when they last said so, by task, as the journals below a run's folder
// tell: those of workers of this host, or of all that share the folder. Blocks that were handed out together are all in work
// until the last one is done. Journals of processes that were killed tell of their last blocks until the next tracker has
// seen them.
func InWork(dir string) (map[string]Ranges, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "journal*", "*"+journalSuffix))
	if err != nil {
		return nil, fmt.Errorf("look for journals: %w", err)
	}
	all := map[string]Ranges{}
	for _, path := range paths {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its worker has just left
		}
		if err != nil {
			return nil, fmt.Errorf("read a journal: %w", err)
		}
		e, busy, err := readJournal(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("read journal %s: %w", path, err)
		}
		if busy && e.Run == filepath.Base(dir) {
			all[e.Work.Task] = append(all[e.Work.Task], e.Work.Blocks...)
		}
	}
	return all, nil
}
