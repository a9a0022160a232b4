package stages

import (
	"fmt"
	"path/filepath"
	"strings"

	"volara/config"
)

// A LUT is a look-up table file in a task's configuration. In a file it is a mapping, or the name of an entry of
// `luts:`.
type LUT struct {
	Ref string `json:"-"`

	Path     string         `json:"path" config:"required"`
	S3Kwargs map[string]any `json:"s3_kwargs,omitempty"`
}

// DecodeNode reads a mapping or a name.
func (l *LUT) DecodeNode(n *config.Node) error {
	if n.Kind() == config.String {
		l.Ref = n.Text()
		return nil
	}
	type plain LUT
	return n.Decode((*plain)(l))
}

// Name is the file's stem; Volara's task names start with it.
func (l *LUT) Name() string { return strings.TrimSuffix(filepath.Base(l.Path), ".npz") }

func (l *LUT) resolve(base string) error {
	if len(l.S3Kwargs) > 0 {
		return fmt.Errorf("s3_kwargs is not built yet; leave it empty")
	}
	path, err := absolute(base, l.Path)
	if err != nil {
		return fmt.Errorf("path: %w", err)
	}
	if !strings.HasSuffix(path, ".npz") {
		path += ".npz"
	}
	l.Path = path
	return nil
}
