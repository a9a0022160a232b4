package stages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"volara/graph"
)

// A LUTMark stands beside a look-up table, which has no attributes of its own, in <table>.volara.json.
type LUTMark struct {
	Marker
	SHA256 string `json:"sha256"` // of the table's file; empty: it is not written yet
}

func lutMarkerPath(path string) string { return path + ".volara.json" }

// markLUT leaves the marker of a generation beside a table that it has just written.
func markLUT(ctx context.Context, path string, marker Marker) error {
	sum, err := sha256File(path)
	if err != nil {
		return err
	}
	return writeLUTMark(ctx, path, LUTMark{marker, sum})
}

func writeLUTMark(ctx context.Context, path string, mark LUTMark) error {
	text, err := json.MarshalIndent(mark, "", "  ")
	if err != nil {
		return err
	}
	return graph.WriteFileAs(ctx, lutMarkerPath(path), mark.Generation, func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
}

// takeLUT gives a table to the task's generation, which has not written it yet or adopts it as it is: no other one may
// write it from now on.
func takeLUT(ctx context.Context, env *Env, path string) error {
	if env.Adopt {
		err := markLUT(ctx, path, env.Marker)
		if !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, voidLUT(path, env.Generation))
		}
	}
	there, err := LUTMarker(path)
	if err != nil {
		return err
	}
	if there == nil || there.Generation != env.Generation {
		if err := writeLUTMark(ctx, path, LUTMark{Marker: env.Marker}); err != nil {
			return err
		}
	}
	return voidLUT(path, env.Generation)
}

// guardLUT keeps other generations' workers off a table.
func guardLUT(path, generation string) *guard {
	return guardFile(lutMarkerPath(path), generation, func() (*Marker, error) {
		mark, err := LUTMarker(path)
		if mark == nil {
			return nil, err
		}
		return &mark.Marker, err
	})
}

// LUTMarker returns the marker beside a table; nil when there is none.
func LUTMarker(path string) (*LUTMark, error) {
	text, err := os.ReadFile(lutMarkerPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := new(LUTMark)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", lutMarkerPath(path), err)
	}
	return m, nil
}

// Check reports how the table at path differs from the one that was marked.
func (m *LUTMark) Check(path string) error {
	sum, err := sha256File(path)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("it is gone")
	}
	if err == nil && sum != m.SHA256 {
		err = errors.New("its bytes are not those that were written")
	}
	return err
}

// voidLUT takes from writers of other generations than one ("": of all) what they have begun to write.
func voidLUT(path, generation string) error {
	return errors.Join(graph.VoidWrites(path, generation), graph.VoidWrites(lutMarkerPath(path), generation))
}

func removeLUT(path string) error {
	// In this order: see guard.
	return errors.Join(removeFile(lutMarkerPath(path)), voidLUT(path, ""), removeFile(path))
}

func sha256File(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
