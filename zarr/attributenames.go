package zarr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"volara/zarr/pyjson"
)

// AttributeNames says under which names an array's attributes hold its place in the world. A name may lead into nested
// values by slashes: a number indexes a list, and {dim} collects one value from each entry of a list, as in
// "axes/{dim}/scale".
type AttributeNames struct {
	Offset    string `toml:"offset_attr" json:"offset,omitempty"`
	VoxelSize string `toml:"voxel_size_attr" json:"voxel_size,omitempty"`
	AxisNames string `toml:"axis_names_attr" json:"axis_names,omitempty"`
	Units     string `toml:"units_attr" json:"units,omitempty"`
	Types     string `toml:"types_attr" json:"types,omitempty"`
}

// DefaultAttributeNames returns the names that everybody uses.
func DefaultAttributeNames() AttributeNames {
	return AttributeNames{"offset", "voxel_size", "axis_names", "units", "types"}
}

// LoadAttributeNames returns the names as funlib.persistence's configuration files rename them, those that are read
// first giving way: /etc/funlib_persistence/funlib_persistence.toml, the same under ~/.config, then in dir
// funlib_persistence.toml and the section tool.funlib_persistence of pyproject.toml.
func LoadAttributeNames(dir string) (AttributeNames, error) {
	names := DefaultAttributeNames()
	const folder, base = "funlib_persistence", "funlib_persistence.toml"
	files := []string{filepath.Join("/etc", folder, base)}
	if home, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(home, ".config", folder, base))
	}
	for _, file := range append(files, filepath.Join(dir, base)) {
		if err := names.load(file, &names); err != nil {
			return names, err
		}
	}
	project := struct {
		Tool struct {
			Names *AttributeNames `toml:"funlib_persistence"`
		} `toml:"tool"`
	}{}
	project.Tool.Names = &names
	return names, names.load(filepath.Join(dir, "pyproject.toml"), &project)
}

// load reads one file into v; a file that is not there changes nothing.
func (n *AttributeNames) load(file string, v any) error {
	meta, err := toml.DecodeFile(file, v)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("reading %s: %w", file, err)
	}
	for _, key := range meta.Undecoded() {
		if v == n || len(key) > 2 && key[0] == "tool" && key[1] == "funlib_persistence" {
			return fmt.Errorf("reading %s: unknown setting %q", file, key[len(key)-1])
		}
	}
	return nil
}

func (n AttributeNames) orDefault() AttributeNames {
	d := DefaultAttributeNames()
	for _, f := range []struct{ name, usual *string }{
		{&n.Offset, &d.Offset}, {&n.VoxelSize, &d.VoxelSize}, {&n.AxisNames, &d.AxisNames},
		{&n.Units, &d.Units}, {&n.Types, &d.Types},
	} {
		if *f.name == "" {
			*f.name = *f.usual
		}
	}
	return n
}

// fetch decodes the attribute of the given name into v, a pointer to a slice, and leaves v alone where it is missing or
// null.
func fetch(attrs map[string]json.RawMessage, name string, v any) error {
	keys := strings.Split(name, "/")
	raw, ok := attrs[keys[0]]
	if !ok {
		return nil
	}
	if len(keys) > 1 {
		var err error
		if raw, err = descend(raw, keys[1:]); err != nil {
			return fmt.Errorf("attribute %q: %w", name, err)
		}
	}
	if raw == nil || string(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		want := "a list of numbers"
		if _, ok := v.(*[]string); ok {
			want = "a list of strings"
		}
		return fmt.Errorf("attribute %q is %s, not %s", name, pyjson.Excerpt(raw), want)
	}
	return nil
}

// descend follows keys into a nested value; nil is a missing one.
func descend(raw json.RawMessage, keys []string) (json.RawMessage, error) {
	if len(keys) == 0 {
		return raw, nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		next, ok := object[keys[0]]
		if !ok {
			return nil, nil
		}
		return descend(next, keys[1:])
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%q leads into %s", keys[0], pyjson.Excerpt(raw))
	}
	if keys[0] != "{dim}" {
		i, err := strconv.Atoi(keys[0])
		if err != nil || i < 0 || i >= len(list) {
			return nil, fmt.Errorf("%q leads into a list of %d", keys[0], len(list))
		}
		return descend(list[i], keys[1:])
	}
	collected := make([]json.RawMessage, len(list))
	for i := range list {
		next, err := descend(list[i], keys[1:])
		if err != nil {
			return nil, err
		}
		if next == nil {
			next = json.RawMessage("null")
		}
		collected[i] = next
	}
	return json.Marshal(collected)
}
