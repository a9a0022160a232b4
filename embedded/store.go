package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server"

	"volara/fault"
)

// The layout of nats-server's file store: a directory a stream, under that of the account. A stream's metadata are
// JSON with a HighwayHash-64 beside them, keyed with the SHA-256 of the stream's name; the two files are written one
// after the other. nats-server leaves a stream out whose metadata it does not believe, and says so only in its log.
func streamsDir(store string) string { return filepath.Join(store, "$G", "streams") }

// repairStore mends what a killed server leaves: streams that were being made are removed, checksums that were not yet
// written are. Anything else that nats-server would leave out is an error.
func repairStore(store string, log *slog.Logger) error {
	names, err := streamDirs(store)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := repairStream(filepath.Join(streamsDir(store), name), name, log); err != nil {
			return err
		}
	}
	return nil
}

func repairStream(dir, name string, log *slog.Logger) error {
	meta, err := os.ReadFile(filepath.Join(dir, server.JetStreamMetaFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the NATS store: %w", err)
	}
	var config struct{ Name string }
	if json.Unmarshal(meta, &config) == nil && config.Name == name {
		return repairChecksum(dir, name, meta, log)
	}
	empty, err := holdsNothing(dir)
	if err != nil {
		return fmt.Errorf("read the NATS store: %w", err)
	}
	if !empty {
		return damaged(dir, name, "its metadata cannot be read")
	}
	log.Info("removing a stream that was never completed", "stream", name)
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("repair the NATS store: %w", err)
	}
	return nil
}

func repairChecksum(dir, name string, meta []byte, log *slog.Logger) error {
	path := filepath.Join(dir, server.JetStreamMetaFileSum)
	stored, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the NATS store: %w", err)
	}
	key := sha256.Sum256([]byte(name))
	hash, err := highwayhash.New64(key[:])
	if err != nil {
		return fmt.Errorf("repair the NATS store: %w", err)
	}
	hash.Write(meta)
	sum := hex.EncodeToString(hash.Sum(nil))
	if string(stored) == sum {
		return nil
	}
	log.Info("completing the metadata of a stream", "stream", name)
	if err := writeFile(path, []byte(sum), 0o640); err != nil {
		return fmt.Errorf("repair the NATS store: %w", err)
	}
	return nil
}

// holdsNothing reports whether no message was ever stored in a stream's directory.
func holdsNothing(dir string) (bool, error) {
	blocks, err := filepath.Glob(filepath.Join(dir, "msgs", "*.blk"))
	if err != nil {
		return false, err
	}
	for _, block := range blocks {
		info, err := os.Stat(block)
		if err != nil {
			return false, err
		}
		if info.Size() > 0 {
			return false, nil
		}
	}
	return true, nil
}

// checkStreams makes sure that the server took in every stream that its store holds.
func checkStreams(n *server.Server, store string, logger *logger) error {
	names, err := streamDirs(store)
	if err != nil {
		return err
	}
	info, err := n.Jsz(&server.JSzOptions{Streams: true, Limit: 1 << 20})
	if err != nil {
		return fmt.Errorf("look for the streams of the NATS store: %w", err)
	}
	recovered := map[string]bool{}
	for _, account := range info.AccountDetails {
		for _, stream := range account.Streams {
			recovered[stream.Name] = true
		}
	}
	for _, name := range names {
		dir := filepath.Join(streamsDir(store), name)
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue // deleted in the background
		}
		if !recovered[name] {
			return damaged(dir, name, logger.about(name))
		}
	}
	return nil
}

func streamDirs(store string) ([]string, error) {
	entries, err := os.ReadDir(streamsDir(store))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the NATS store: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") { // dot: being deleted
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// damaged says what is lost when a damaged stream is deleted.
func damaged(dir, name, why string) error {
	lost := "what was reported done but not yet recorded; those blocks are run again"
	switch {
	case strings.HasPrefix(name, "KV_"):
		lost = "the record of what is done of that run; its blocks are run again"
	case strings.HasPrefix(name, "EVENTS_"):
		lost = "the history of events of that run; nothing needs to be run again"
	}
	if why == "" {
		why = "the server could not recover it"
	}
	return fault.Permanent(fmt.Errorf("stream %s in the state directory is damaged: %s. To go on, delete %s; lost is then %s",
		name, why, dir, lost))
}
