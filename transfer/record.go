package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"volara/nd"
	"volara/volume"
	"volara/zarr/lazy"
	"volara/zarr/store"
)

// recordKey is where the destination says of what it is a copy. It stays when the copy is done, so that the same command
// does nothing when it is given again.
const recordKey = ".volara-copy.json"

// A record says of what the destination is a copy, and how.
type record struct {
	// Source is where the source was, for people.
	Source string `json:"source"`
	// State is "running" or "done".
	State string `json:"state"`
	// Metadata is the checksum of all the source's metadata, Stored tells its files apart from others where that is cheap.
	Metadata string `json:"metadata_sha256"`
	Stored   stored `json:"stored"`
	// Request is what was asked for, and Layout what came of it for every array.
	Request map[string]string `json:"request"`
	Layout  string            `json:"layout_sha256"`
	// Objects counts what every array has stored when the copy is done; nil where that is not cheap.
	Objects map[string]int64 `json:"objects,omitempty"`
}

// stored counts the files of a source in a directory.
type stored struct {
	Files  int64 `json:"files"`
	Bytes  int64 `json:"bytes"`
	Newest int64 `json:"newest"` // time of the last change, in nanoseconds since 1970
}

// String says it to people.
func (s stored) String() string {
	newest := time.Unix(0, s.Newest).UTC().Format("2006-01-02 15:04:05.000 UTC")
	return fmt.Sprintf("%d files of %d bytes, last written %s", s.Files, s.Bytes, newest)
}

const (
	stateRunning = "running"
	stateDone    = "done"
)

// describe returns the record of the copy that is planned.
func (c *Copy) describe(ctx context.Context) (record, error) {
	r := record{Source: c.from.Where.String(), State: stateRunning, Request: c.o.request()}
	sum, layout := sha256.New(), sha256.New()
	encode := json.NewEncoder(sum)
	for _, it := range c.arrays {
		fmt.Fprintln(layout, it.name, it.box, it.spec.Format, it.spec.Shape, it.spec.Chunks, it.spec.Shards, it.spec.DType, it.spec.Fill)
		if it.coarse != nil {
			continue // of which there is no source but the level before
		}
		m := it.from.Stored.Metadata()
		spec := m.Spec()
		if err := encode.Encode([]any{it.name, m.Shape, m.Chunks, m.Inner, m.DType.String(), m.Fill, m.Codecs, spec.Separator, m.Attributes}); err != nil {
			return r, err
		}
	}
	for _, g := range c.groups {
		if err := encode.Encode([]any{g.name, g.attributes}); err != nil {
			return r, err
		}
	}
	r.Metadata, r.Layout = fmt.Sprintf("%x", sum.Sum(nil)), fmt.Sprintf("%x", layout.Sum(nil))
	var err error
	r.Stored, err = countFiles(ctx, c.from.Where)
	return r, err
}

// request returns what decides what is stored, for people to compare.
func (o Options) request() map[string]string {
	r := map[string]string{}
	set := func(name string, v any) {
		if text := fmt.Sprint(v); text != "" && text != "[]" && text != "0" && text != "false" && text != "invalid" {
			r[name] = text
		}
	}
	set("voxels", o.Region.Voxels)
	set("roi", o.Region.World)
	if o.Level != nil {
		r["level"] = fmt.Sprint(*o.Level)
	}
	for i, op := range o.Ops {
		r[fmt.Sprintf("op %d", i+1)] = lazy.String(op)
	}
	set("zarr", o.Format)
	set("chunks", o.Chunks)
	set("shards", o.Shards)
	set("shards none", o.NoShards)
	if o.Codecs != nil {
		if codecs, err := o.Codecs(nd.Uint8); err == nil {
			for i, c := range codecs {
				text, _ := json.Marshal(c.Spec())
				r[fmt.Sprintf("codec %d", i+1)] = string(text)
			}
		}
		r["codecs"] = "given"
	}
	set("dtype", o.DType)
	if o.Cast != Exact {
		set("cast", o.Cast)
	}
	if o.Fill != nil {
		r["fill"] = *o.Fill
	}
	set("separator", o.Separator)
	set("endian", o.Endian)
	set("order", o.Order)
	set("write-empty", o.WriteEmpty)
	if o.Pyramid != nil {
		o.Pyramid.request(r, set)
	}
	return r
}

// countFiles looks at the files of a source that is a directory. Others are known by their metadata alone.
func countFiles(ctx context.Context, n *store.Node) (stored, error) {
	var s stored
	if _, ok := n.Store.(*store.Local); !ok {
		return s, nil
	}
	root := n.String()
	err := filepath.WalkDir(root+string(filepath.Separator), func(name string, e fs.DirEntry, err error) error { // which follows a link there
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || e.IsDir() || store.Hidden(e.Name()) || e.Name() == recordKey {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		s.Files++
		s.Bytes += info.Size()
		s.Newest = max(s.Newest, info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("looking at the files of %s: %w", root, err)
	}
	return s, nil
}

// look says what is at the destination: nothing, a part of this copy, or something else, which is refused.
func (c *Copy) look(ctx context.Context) error {
	c.record.State, c.resumed, c.lost = stateRunning, false, 0
	data, err := c.to.Get(ctx, recordKey, 1<<20)
	switch {
	case errors.Is(err, store.ErrNotExist) || errors.Is(err, store.ErrNoList):
		return c.vacant(ctx)
	case err != nil:
		return fmt.Errorf("looking at the destination: %w", err)
	case c.o.Overwrite:
		return nil
	}
	old, err := parseRecord(data)
	if err != nil {
		return volume.Refuse("%s is not a record of a copy: %w; --overwrite begins anew", c.to.Name(recordKey), err)
	}
	begun := "begun"
	if old.State == stateDone {
		begun = "made"
	}
	switch diff := differs(old.Request, c.record.Request); {
	case old.Source != c.record.Source:
		return volume.Refuse("%s is a copy of %s, not of %s; --overwrite replaces it", c.destination, old.Source, c.record.Source)
	case diff != "":
		return volume.Refuse("%s is a copy that was %s with other options (%s); give them again, or --overwrite to begin anew", c.destination, begun, diff)
	case old.Metadata != c.record.Metadata || old.Layout != c.record.Layout:
		return volume.Refuse("the metadata of %s has changed since the copy %s was %s; --overwrite begins anew", c.source, c.destination, begun)
	case old.Stored != c.record.Stored:
		return volume.Refuse("the files of %s have changed since the copy %s was %s (%v; now %v); --overwrite begins anew", c.source, c.destination, begun, old.Stored, c.record.Stored)
	}
	c.record.State, c.resumed = old.State, true
	return c.findLoss(ctx, old)
}

// parseRecord reads a record, of which nothing may be missing.
func parseRecord(data []byte) (r record, err error) {
	if err := json.Unmarshal(data, &r); err != nil {
		return r, err
	}
	switch {
	case r.Source == "":
		return r, errors.New(`it has no "source"`)
	case r.State != stateRunning && r.State != stateDone:
		return r, fmt.Errorf(`its "state" is %q, neither %q nor %q`, r.State, stateRunning, stateDone)
	case r.Metadata == "" || r.Layout == "":
		return r, errors.New("it has no checksums")
	case r.Request == nil:
		return r, errors.New(`it has no "request"`)
	}
	return r, nil
}

// vacant refuses a destination where something else is.
func (c *Copy) vacant(ctx context.Context) error {
	if c.to.IsObject(ctx) {
		return volume.Refuse("%s is a file", c.destination)
	}
	for up, ok := c.to.Parent(); ok; up, ok = up.Parent() {
		if n, err := volume.At(ctx, up); err == nil && n != nil && n.Array != nil {
			return volume.Refuse("%s lies in the array %s", c.destination, up)
		}
		if names, err := up.Names(ctx, 1); err == nil && len(names) > 0 {
			break
		}
	}
	names, err := c.to.Names(ctx, 2)
	if errors.Is(err, store.ErrNoList) {
		return volume.Refuse("%s cannot be written to", c.destination)
	}
	if err != nil || len(names) == 0 {
		return err
	}
	n, err := volume.At(ctx, c.to)
	switch {
	case c.o.Overwrite && (err != nil || n == nil || n.Kind == volume.KindFolder):
		return volume.Refuse("%s holds something that is not zarr (%s, …); it is left alone", c.destination, names[0])
	case !c.o.Overwrite:
		return volume.Refuse("%s exists; --overwrite replaces it", c.destination)
	}
	return nil
}

// differs says in what two requests differ, "" when they do not.
func differs(old, now map[string]string) string {
	names := map[string]string{}
	maps.Copy(names, old)
	maps.Copy(names, now)
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, is := old[name], now[name]
		if was == is {
			continue
		}
		if was == "" {
			was = "not given"
		}
		if is == "" {
			is = "not given"
		}
		parts = append(parts, fmt.Sprintf("%s was %s, now %s", name, was, is))
	}
	return strings.Join(parts, "; ")
}

// checkApart refuses a destination that is the source, lies in it, or holds it.
func checkApart(from, to *store.Node) error {
	a, b := resolved(from), resolved(to)
	switch {
	case a == b:
		return volume.Refuse("%s is the source itself", to)
	case strings.HasPrefix(b, strings.TrimSuffix(a, "/")+"/"):
		return volume.Refuse("%s lies in the source %s", to, from)
	case strings.HasPrefix(a, strings.TrimSuffix(b, "/")+"/"):
		if n, err := volume.At(context.Background(), to); err == nil && n != nil {
			return volume.Refuse("the source %s lies in %s", from, to)
		}
	}
	return nil
}

// resolved returns a node's place without links.
func resolved(n *store.Node) string {
	name := n.String()
	if _, ok := n.Store.(*store.Local); !ok {
		return name
	}
	rest := ""
	for up := name; ; up = filepath.Dir(up) {
		if real, err := filepath.EvalSymlinks(up); err == nil {
			return path.Join(filepath.ToSlash(real), rest)
		}
		if up == filepath.Dir(up) {
			return name
		}
		rest = path.Join(filepath.Base(up), rest)
	}
}

// Unfinished returns where a node is being copied from when the copy is not complete, "" for any other node.
func Unfinished(ctx context.Context, n *store.Node) (source string) {
	data, err := n.Get(ctx, recordKey, 1<<20)
	if err != nil {
		return ""
	}
	r, err := parseRecord(data)
	if err != nil || r.State != stateRunning {
		return ""
	}
	return r.Source
}
