package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"volara/console"
	"volara/volume"
	"volara/zarr/store"
)

type zarrInfoCmd struct {
	Path    string `arg:"" help:"Array, image, group or plate: a path or a URL."`
	Count   *bool  `help:"Count the stored chunks, however long that takes; default: for up to 10 seconds, of what is stored here." negatable:""`
	Members int    `help:"Members of a group to look at." default:"100" placeholder:"N"`
	JSON    bool   `name:"json" help:"Print JSON (docs/zarr.md)."`
}

// countLimit is how long stored chunks are counted for where nobody has asked for it.
const countLimit = 10 * time.Second

// Run is called by kong.
func (c *zarrInfoCmd) Run(ctx context.Context) error {
	n, err := volume.Find(ctx, c.Path)
	if err != nil {
		return asInput(err)
	}
	defer n.Close()
	at, err := store.ParseLocation(c.Path)
	if err != nil {
		return asInput(err)
	}
	o := volume.DescribeOptions{Count: !at.Remote(), CountFor: countLimit, Members: max(0, c.Members)}
	if c.Count != nil {
		o.Count, o.CountFor = *c.Count, 0
	}
	info, err := volume.Describe(ctx, n, o)
	if err != nil {
		return asInput(err)
	}
	if w := unfinished(ctx, n.Where); w != "" {
		info.Warnings = append(info.Warnings, w)
	}
	if c.JSON {
		return console.WriteJSON(os.Stdout, info)
	}
	return printInfo(os.Stdout, info)
}

// A sheet is lines of a name and what is to be said of it.
type sheet struct{ table *console.Table }

func newSheet() sheet { return sheet{console.NewTable("", "")} }

// line adds a line, unless there is nothing to say.
func (s sheet) line(name, format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != "" {
		s.table.Row(name, text)
	}
}

func printInfo(w io.Writer, info volume.Info) error {
	kind := string(info.Kind)
	if info.Format > 0 {
		kind += fmt.Sprintf(", zarr v%d", info.Format)
	}
	if info.ImageInfo != nil {
		kind += ", OME-NGFF " + info.Version
	}
	fmt.Fprintf(w, "%s: %s\n", info.Path, kind)
	s := newSheet()
	if a := info.ArrayInfo; a != nil {
		printArray(s, a)
	}
	if info.ImageInfo != nil {
		printImage(s, info.ImageInfo)
	}
	if p := info.Plate; p != nil {
		s.line("plate", "%d rows, %d columns, %d wells, %d acquisitions", len(p.Rows), len(p.Columns), len(p.Wells), p.Acquisitions)
	}
	for _, name := range slices.Sorted(maps.Keys(info.Attributes)) {
		s.line("attribute "+name, "%s", excerpt(info.Attributes[name]))
	}
	for _, text := range info.Warnings {
		s.line("warning", "%s", text)
	}
	if _, err := s.table.WriteTo(dropBlank{w}); err != nil {
		return err
	}
	return printLists(w, info)
}

// dropBlank leaves out the header of a sheet, which is a blank line.
type dropBlank struct{ w io.Writer }

func (d dropBlank) Write(b []byte) (int, error) {
	if _, err := d.w.Write(bytes.TrimPrefix(b, []byte("\n"))); err != nil {
		return 0, err
	}
	return len(b), nil
}

func printArray(s sheet, a *volume.ArrayInfo) {
	s.line("shape", "%v", a.Shape)
	order := a.DType
	if a.ByteOrder != "" {
		order += ", " + a.ByteOrder + "-endian"
	}
	s.line("dtype", "%s", order)
	s.line("chunks", "%v", a.Chunks)
	if a.Shards != nil {
		s.line("shards", "%v", a.Shards)
	}
	if a.SubShards != nil {
		s.line("shards inside", "%v", a.SubShards)
	}
	if a.Order != "C" {
		s.line("order", "%s", a.Order)
	}
	for i, c := range a.Codecs {
		name := ""
		if i == 0 {
			name = "codecs"
		}
		s.line(name, "%s", codecText(c))
	}
	if a.Codecs != nil && len(a.Codecs) == 0 {
		s.line("codecs", "none")
	}
	fill := "none"
	if a.Fill != nil {
		fill = string(*a.Fill)
	}
	s.line("fill value", "%s", fill)
	s.line("keys", "%s, separator %q", a.KeyEncoding, a.Separator)
	if a.DimensionNames != nil {
		s.line("dimension names", "%s", strings.Join(a.DimensionNames, ", "))
	}
	if a.Place != nil {
		printPlace(s, a.Place)
	}
	if a.Level != nil {
		s.line("level", "%d of the image of %s", a.Level.Level, a.Level.Image)
	}
	size := console.Bytes(a.LogicalBytes)
	if st := a.Stored; st != nil {
		size += fmt.Sprintf(", %s stored", console.Bytes(st.Bytes))
		if st.Ratio > 0 {
			size += fmt.Sprintf(" (%.3g : 1)", st.Ratio)
		}
		missing := ""
		if st.Objects < a.ChunksTotal {
			missing = "; the others read as the fill value"
		}
		s.line("stored chunks", "%s of %s%s", console.Count(int64(st.Objects)), console.Count(int64(a.ChunksTotal)), missing)
	} else {
		s.line("stored chunks", "of %s, not counted", console.Count(int64(a.ChunksTotal)))
	}
	s.line("size", "%s", size)
}

func printPlace(s sheet, p *volume.PlaceInfo) {
	s.line("axes", "%s", axesText(p.Axes))
	s.line("voxel size", "%s", withUnits(p.VoxelSize, p.Units))
	s.line("offset", "%s", withUnits(p.Offset, p.Units))
	spans := make([]string, len(p.Offset))
	for i := range spans {
		spans[i] = strconv.FormatFloat(p.Offset[i], 'f', -1, 64) + ":" + strconv.FormatFloat(p.End[i], 'f', -1, 64)
	}
	s.line("world", "[%s]", strings.Join(spans, ", "))
}

func axesText(axes []volume.AxisInfo) string {
	list := make([]string, len(axes))
	for i, a := range axes {
		list[i] = fmt.Sprintf("%s (%s)", a.Name, a.Type)
	}
	return strings.Join(list, ", ")
}

// withUnits writes numbers with their units, once where all are the same.
func withUnits(numbers []float64, units []string) string {
	text := fmt.Sprint(numbers)
	switch different := slices.Compact(slices.Clone(units)); len(different) {
	case 0:
	case 1:
		text += unit(units[0])
	default:
		text += fmt.Sprintf(" %v", units)
	}
	return text
}

func printImage(s sheet, i *volume.ImageInfo) {
	s.line("name", "%s", i.Name)
	s.line("axes", "%s", axesText(i.Axes))
	if len(i.Labels) > 0 {
		s.line("labels", "%s", strings.Join(i.Labels, ", "))
	}
	if i.ImageLabel != nil {
		s.line("label image", "%d colours, %d properties", len(i.ImageLabel.Colors), len(i.ImageLabel.Properties))
	}
	if i.Omero != nil {
		for k, c := range i.Omero.Channels {
			text := fmt.Sprintf("%s, colour %s", c.Label, c.Color)
			if c.Window != nil {
				text += fmt.Sprintf(", window %v to %v of %v to %v", c.Window.Start, c.Window.End, c.Window.Min, c.Window.Max)
			}
			if !c.Shown() {
				text += ", not shown"
			}
			s.line(fmt.Sprintf("channel %d", k), "%s", text)
		}
	}
}

// printLists prints levels and members.
func printLists(w io.Writer, info volume.Info) error {
	if info.ImageInfo != nil && len(info.Levels) > 0 {
		t := console.NewTable("level", "path", "shape", "dtype", "chunks", "shards", "scale", "translation")
		for i, l := range info.Levels {
			shards := ""
			if l.Shards != nil {
				shards = fmt.Sprint(l.Shards)
			}
			t.Row(fmt.Sprint(i), l.Path, fmt.Sprint(l.Shape), l.DType, fmt.Sprint(l.Chunks), shards, fmt.Sprint(l.Scale), fmt.Sprint(l.Translation))
		}
		fmt.Fprintln(w)
		if _, err := t.WriteTo(w); err != nil {
			return err
		}
	}
	if len(info.Members) == 0 {
		return nil
	}
	t := console.NewTable("member", "kind", "shape", "dtype", "")
	for _, m := range info.Members {
		shape := ""
		if m.Kind == volume.KindArray {
			shape = fmt.Sprint(m.Shape)
		}
		t.Row(m.Name, string(m.Kind), shape, m.DType, m.Error)
	}
	fmt.Fprintln(w)
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	if info.Omitted > 0 {
		fmt.Fprintf(w, "… and %s (--members)\n", console.Plural(int64(info.Omitted), "folder"))
	}
	return nil
}

// codecText writes a codec as a name and its configuration.
func codecText(raw json.RawMessage) string {
	var c map[string]json.RawMessage
	if json.Unmarshal(raw, &c) != nil {
		return excerpt(raw)
	}
	name, config := c["name"], c["configuration"]
	if name == nil {
		name = c["id"]
		delete(c, "id")
		config, _ = json.Marshal(c)
	}
	return strings.Trim(string(name), `"`) + " " + strings.Trim(string(compact(config)), "{}")
}

// excerpt returns the beginning of a JSON value.
func excerpt(raw json.RawMessage) string {
	return runewidth.Truncate(string(compact(raw)), 100, "…")
}

func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}
