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
	SHA256 string `json:"sha256"` // of the table's file
}

func lutMarkerPath(path string) string { return path + ".volara.json" }

// markLUT leaves the marker of a generation beside a table that it has just written.
func markLUT(ctx context.Context, path string, marker Marker) error {
	sum, err := sha256File(path)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(LUTMark{marker, sum}, "", "  ")
	if err != nil {
		return err
	}
	return graph.WriteFileAs(ctx, lutMarkerPath(path), marker.Generation, func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
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
	return errors.Join(voidLUT(path, ""), removeFile(path), removeFile(lutMarkerPath(path)))
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
