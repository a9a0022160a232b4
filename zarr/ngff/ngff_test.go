package ngff

import (
	"fmt"
	"strings"
	"testing"

	"volara/fault"
	"volara/zarr/store"
)

const image04 = `{"multiscales": [{"version": "0.4", "name": "em", "axes": [{"name": "c", "type": "channel"},
	{"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space", "unit": "micrometer"}],
	"coordinateTransformations": [{"type": "scale", "scale": [1, 2, 2]}],
	"datasets": [
	{"path": "s/0", "coordinateTransformations": [{"type": "scale", "scale": [1, 0.008, 0.004]}, {"type": "translation", "translation": [0, 3, 4]}]},
	{"path": "s/1", "coordinateTransformations": [{"type": "scale", "scale": [1, 0.016, 0.008]}]},
	{"path": "s/2", "coordinateTransformations": [{"type": "identity"}, {"type": "scale", "scale": [1, 0.032, 0.016]}]}]}],
	"omero": {"channels": [{"color": "00FF80", "label": "a", "window": {"min": 0, "max": 255, "start": 10, "end": 200}},
	{"color": "red", "active": false, "window": {"start": 3, "end": 4.5}}]}}`

// in05 puts metadata of 0.4 where 0.5 has it.
func in05(doc string) string {
	return `{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", ` +
		strings.Replace(strings.TrimPrefix(doc, "{"), `"version": "0.4", `, "", 1) + `}}`
}

func parse(t testing.TB, doc string) *Group {
	t.Helper()
	g, err := Parse("f", []byte(doc))
	if err != nil || g == nil {
		t.Fatalf("%s: %v, %v", doc, g, err)
	}
	return g
}

func TestImage(t *testing.T) {
	for version, doc := range map[string]string{"0.4": image04, "0.5": in05(image04)} {
		g := parse(t, doc)
		if g.Version != version || (g.Format == 3) != (version == "0.5") {
			t.Errorf("version %q in zarr %d, want %q", g.Version, g.Format, version)
		}
		m, err := g.Image()
		if err != nil {
			t.Fatal(err)
		}
		levels, err := m.Levels()
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{
			"s/0 [1 0.016 0.008] [0 6 8]", "s/1 [1 0.032 0.016] []", "s/2 [1 0.064 0.032] []",
		} {
			if got := fmt.Sprint(levels[i].Path, " ", levels[i].Scale, " ", levels[i].Translation); got != want {
				t.Errorf("%s: level %d: %s, want %s", version, i, got, want)
			}
		}
		if m.Find("s/1") != 1 || m.Find("s") != -1 || m.Name != "em" {
			t.Errorf("%+v", m)
		}
	}
}

// TestOdd reads what is odd but clear, and refuses by name what is not supported.
func TestOdd(t *testing.T) {
	for doc, want := range map[string]string{
		`{"multiscales": [{"version": "0.1", "datasets": [{"path": "0"}]}]}`:                                                 "0 [] [] [t c z y x]",
		`{"multiscales": [{"version": "0.3", "axes": ["z", "y", "x"], "datasets": [{"path": "./0/"}]}]}`:                     "0 [] [] [z y x]",
		`{"multiscales": [{"version": 4, "type": [1], "name": null, "axes": [{"name": "x"}], "datasets": [{"path": "0"}]}]}`: "0 [] [] [x]",
		`{"multiscales": [{"axes": ["x"], "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [2], "path": 3}, {"type": "translation", "translation": [1]}]}],
			"coordinateTransformations": [{"type": "identity"}, {"type": "translation", "translation": [1]}, {"type": "scale", "scale": [3]}]}]}`: "0 [6] [6] [x]",
		`{"multiscales": [{"datasets": []}]}`:                                                                                                                  "empty",
		`{"multiscales": [{"datasets": [{"path": "/0"}]}]}`:                                                                                                    "within the image",
		`{"multiscales": [{"datasets": [{"path": "a/../.."}]}]}`:                                                                                               "within the image",
		`{"multiscales": [{"coordinateSystems": [], "datasets": [{"path": "0"}]}]}`:                                                                            "later than 0.5",
		`{"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": [{"type": "affine"}]}]}]}`:                                                  `"affine" is not supported`,
		`{"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "path": "s.bin"}]}]}]}`:                                  `"s.bin"`,
		`{"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale"}]}]}]}`:                                                   "without its numbers",
		`{"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1]}, {"type": "scale", "scale": [1, 2]}]}]}]}`: "1 and 2 axes",
	} {
		m, err := parse(t, doc).Image()
		var l *Level
		if err == nil {
			l, err = m.Level(0)
		}
		got := fmt.Sprint(err)
		if err == nil {
			var names []string
			for _, a := range l.AxesFor(max(len(l.Axes), len(l.Scale), 5*(1-min(1, len(l.Axes))))) {
				names = append(names, a.Name)
			}
			got = fmt.Sprint(l.Path, " ", l.Scale, " ", l.Translation, " ", names)
		}
		if err == nil && got != want || err != nil && (!fault.IsPermanent(err) || !strings.Contains(got, want)) {
			t.Errorf("%s: %s, want %s", doc, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	m, err := parse(t, image04).Image()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		choice Choice
		want   string
	}{
		{"none", nil, "s/0"},
		{"index", Index(2), "s/2"},
		{"exact", Nearest([]float64{0.032, 0.016}, ""), "s/1"},
		{"between, nearer by ratio", Nearest([]float64{0.044, 0.022}, ""), "s/1"},
		{"between, nearer to the coarser", Nearest([]float64{0.047, 0.023}, ""), "s/2"},
		{"anisotropic", Nearest([]float64{0.016, 0.016}, ""), "s/0"},
		{"other unit", Nearest([]float64{60, 30}, "nm"), "s/2"},
		{"far", Nearest([]float64{1, 1}, "parsec"), "s/2"},
		{"near", Nearest([]float64{1e-9, 1e-9}, "angstrom"), "s/0"},
	} {
		l, err := m.Choose(c.choice)
		if err != nil || l.Path != c.want {
			t.Errorf("%s: %+v, %v; want %s", c.name, l, err, c.want)
		}
	}
	for _, c := range []struct {
		choice Choice
		want   string
	}{
		{Index(3), "no level 3"}, {Index(-1), "no level -1"}, {Nearest([]float64{1}, ""), "1 numbers for 2 axes"},
		{Nearest([]float64{1, 0}, ""), "positive"}, {Nearest([]float64{1, 1}, "second"), "different"},
		{Nearest([]float64{1, 1}, "cubit"), "cubit"},
	} {
		if _, err := m.Choose(c.choice); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f:") {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestOmero(t *testing.T) {
	o, err := parse(t, in05(image04)).Omero()
	if err != nil {
		t.Fatal(err)
	}
	windows, err := o.Windows()
	if err != nil || fmt.Sprint(windows) != "[{0 255 10 200} {3 4.5 3 4.5}]" {
		t.Errorf("%v, %v", windows, err)
	}
	if rgb, ok := o.Channels[0].RGB(); !ok || rgb != [3]uint8{0, 255, 128} || !o.Channels[0].Shown() || o.Channels[0].Label != "a" {
		t.Errorf("%+v: %v", o.Channels[0], rgb)
	}
	if _, ok := o.Channels[1].RGB(); ok || o.Channels[1].Shown() {
		t.Errorf("%+v", o.Channels[1])
	}
	beside := parse(t, `{"zarr_format": 3, "attributes": {"ome": {"version": "0.5", "multiscales": []}, "omero": {"channels": [{"window": {"min": 1, "max": 2}}]}}}`)
	if o, err := beside.Omero(); err != nil || o == nil || o.Channels[0].Window.Max != 2 {
		t.Errorf("beside ome: %+v, %v", o, err)
	}
	if o, err := parse(t, `{"multiscales": []}`).Omero(); o != nil || err != nil {
		t.Errorf("%v, %v where there is none", o, err)
	}
	for doc, want := range map[string]string{
		`{"omero": {"channels": [{"window": {"min": 0}}]}}`: "without min and max",
		`{"omero": {"channels": [{"window": 1}]}}`:          "omero",
		`{"omero": []}`: "an object is due",
	} {
		if _, err := parse(t, doc).Omero(); !fault.IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", doc, err, want)
		}
	}
	o, err = parse(t, `{"omero": {"channels": [{"color": "FFFFFF"}]}}`).Omero()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Windows(); err == nil || !strings.Contains(err.Error(), "channels[0].window") {
		t.Errorf("%v", err)
	}
}

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		v        float64
		from, to string
		want     float64
	}{
		{0.016, "micrometer", "nanometer", 16}, {0.0085, "µm", "nm", 8.5}, {0.1, "um", "angstrom", 1000}, {3, "micron", "nanometers", 3000},
		{1, "inch", "millimeter", 25.4}, {1, "parsec", "meter", 3.0856775814913673e16}, {90, "minute", "hour", 1.5}, {1, "Ms", "day", 11.574074074074074},
		{1, "Mm", "mm", 1e9}, {2, "ms", "microsecond", 2000}, {1, "micrometre", "nm", 1000}, {-5, "mile", "yard", -8800}, {0, "yottameter", "yoctometer", 0},
	} {
		if got, err := Convert(c.v, c.from, c.to); err != nil || got != c.want {
			t.Errorf("%v %s = %v %s, %v; want %v", c.v, c.from, got, c.to, err, c.want)
		}
	}
	for _, c := range [][2]string{{"nm", "s"}, {"", "nm"}, {"nm", "furlong"}, {"pixel", "nm"}} {
		if v, err := Convert(1, c[0], c[1]); err == nil {
			t.Errorf("%q to %q: %v", c[0], c[1], v)
		}
	}
}

func TestUnitNames(t *testing.T) {
	// The lists of https://ngff.openmicroscopy.org/0.4/#axes-md
	lengths := `angstrom attometer centimeter decimeter exameter femtometer foot gigameter hectometer inch kilometer megameter meter
		micrometer mile millimeter nanometer parsec petameter picometer terameter yard yoctometer yottameter zeptometer zettameter`
	times := `attosecond centisecond day decisecond exasecond femtosecond gigasecond hectosecond hour kilosecond megasecond microsecond
		millisecond minute nanosecond petasecond picosecond second terasecond yoctosecond yottasecond zeptosecond zettasecond`
	for _, name := range strings.Fields(lengths) {
		if got, ok := UnitName(name); !ok || got != name || !IsLength(name) || IsTime(name) {
			t.Errorf("%q is %q", name, got)
		}
	}
	for _, name := range strings.Fields(times) {
		if got, ok := UnitName(name); !ok || got != name || IsLength(name) || !IsTime(name) {
			t.Errorf("%q is %q", name, got)
		}
	}
	for short, want := range map[string]string{"nm": "nanometer", "µm": "micrometer", "μm": "micrometer", "micron": "micrometer",
		"Microns": "micrometer", "Å": "angstrom", "min": "minute", "s": "second", "feet": "foot", "as": "attosecond"} {
		if got, ok := UnitName(short); !ok || got != want {
			t.Errorf("%q is %q, %v; want %q", short, got, ok, want)
		}
	}
}

func TestPlateWellLabels(t *testing.T) {
	g := parse(t, `{"plate": {"version": "0.4", "name": "p", "rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}],
		"acquisitions": [{"id": 1, "starttime": 5}], "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "A/2", "rowIndex": 0, "columnIndex": 1}]}}`)
	p, err := g.Plate()
	if err != nil || g.Version != "0.4" || len(p.Wells) != 2 || *p.Wells[1].ColumnIndex != 1 || p.Acquisitions[0].ID != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if got := g.Describe(nil); !strings.Contains(got, "a plate of 2 wells; open one of A/1, A/2") {
		t.Error(got)
	}
	s := store.NewMemory()
	for key, doc := range map[string]string{
		"c/.zattrs":              `{"bioformats2raw.layout": 3}`,
		"c/0/.zattrs":            image04,
		"c/1/.zattrs":            image04,
		"d/zarr.json":            in05(`{"bioformats2raw.layout": 3}`),
		"d/OME/zarr.json":        in05(`{"series": ["a", "b/c"]}`),
		"d/OME/METADATA.ome.xml": "<OME/>",
		"w/.zattrs":              `{"well": {"images": [{"path": "0"}, {"path": "1", "acquisition": 4}]}}`,
		"l/.zattrs":              `{"labels": ["cells"]}`,
		"e/.zattrs":              `{"bioformats2raw.layout": 2}`,
		"x/.zattrs":              `{"labels": ["../cells"]}`,
	} {
		if err := s.Put(t.Context(), key, []byte(doc)); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string]string{"c/": "[0 1]", "d/": "[a b/c]", "w/": "[0 1]", "l/": "[cells]", "e/": "2 is not supported", "x/": "not a path"} {
		n := &store.Node{Store: s, Prefix: prefix}
		g, err := Read(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		images, err := g.Images(t.Context(), n)
		if got := fmt.Sprint(images, err); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", prefix, got, want)
		}
	}
	if g, err := Read(t.Context(), &store.Node{Store: s, Prefix: "nothing/"}); g != nil || err != nil {
		t.Errorf("%v, %v", g, err)
	}
}

func TestImageLabel(t *testing.T) {
	g := parse(t, `{"image-label": {"version": "0.4", "colors": [{"label-value": 18446744073709551615, "rgba": [1, 2, 3, 255]}],
		"properties": [{"label-value": 1, "class": "a"}], "source": {"image": "../x"}}}`)
	l, err := g.ImageLabel()
	if err != nil || l.Colors[0].Value != "18446744073709551615" || fmt.Sprint(l.Colors[0].RGBA) != "[1 2 3 255]" || l.SourceImage() != "../x" {
		t.Errorf("%+v, %v", l, err)
	}
	for _, doc := range []string{`{"image-label": {"colors": [{"label-value": 1, "rgba": [1, 2, 3]}]}}`, `{"image-label": {"colors": [{"label-value": 1, "rgba": [1, 2, 3, 256]}]}}`} {
		if _, err := parse(t, doc).ImageLabel(); !fault.IsPermanent(err) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(image04))
	f.Add([]byte(in05(image04)))
	f.Add([]byte(`{"plate": {"rows": [{}], "wells": [{"path": "A/1"}]}, "well": {"images": [{"path": "0"}]}, "labels": ["a"], "series": ["0"], "bioformats2raw.layout": 3}`))
	f.Add([]byte(`{"image-label": {"colors": [{"label-value": 1.5, "rgba": [1, 2, 3, 4]}]}, "multiscales": [{"axes": ["y", "x"], "datasets": [{"path": "0"}]}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		g, err := Parse("f", doc)
		if err != nil && !fault.IsPermanent(err) {
			t.Fatal(err)
		}
		if g == nil {
			return
		}
		g.Omero()                                                    //nolint:errcheck // it must not panic
		g.Labels()                                                   //nolint:errcheck
		g.ImageLabel()                                               //nolint:errcheck
		g.Plate()                                                    //nolint:errcheck
		g.Well()                                                     //nolint:errcheck
		g.Images(t.Context(), &store.Node{Store: store.NewMemory()}) //nolint:errcheck
		m, err := g.Image()
		if found := g.Check(false); err != nil && len(found.Broken)+len(found.Beyond) == 0 {
			t.Fatalf("valid, but: %v", err)
		}
		if m == nil || err != nil {
			return
		}
		m.Choose(Nearest([]float64{1, 2}, "nm")) //nolint:errcheck
		levels, err := m.Levels()
		if found := g.Check(false); err != nil && len(found.Broken)+len(found.Beyond) == 0 {
			t.Fatalf("valid, but: %v", err)
		}
		for _, l := range levels {
			if err == nil && (strings.Contains(l.Path, "..") && !isLocal(l.Path) || m.Find(l.Path) < 0) {
				t.Fatalf("%q", l.Path)
			}
			l.AxesFor(3)
		}
	})
}
