package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"volara/config"
	"volara/zarr"
	"volara/zarr/ngff"
)

// A Level says which level of an OME-Zarr image a dataset is: its number, 0 being the finest, or that whose voxels are
// nearest in size to the given one.
type Level struct {
	Index   int
	Nearest []float64 // instead of Index: an entry for each axis of space and time, or for each of space
	Unit    string    // of Nearest; "" means the image's own
}

// DecodeNode reads a number, a voxel size, or {nearest: voxel size, unit: …}.
func (l *Level) DecodeNode(n *config.Node) error {
	switch n.Kind() {
	case config.Int:
		return n.Decode(&l.Index)
	case config.List:
		return n.Decode(&l.Nearest)
	case config.Map:
		var f struct {
			Nearest []float64 `json:"nearest" config:"required"`
			Unit    string    `json:"unit"`
		}
		err := n.Decode(&f)
		l.Nearest, l.Unit = f.Nearest, f.Unit
		return err
	}
	return n.Errorf("level is %v; a number of a level (0 is the finest), a voxel size [40, 8, 8] or {nearest: [40, 8, 8], unit: nanometer} is needed", n.Kind())
}

// MarshalJSON writes what DecodeNode reads.
func (l Level) MarshalJSON() ([]byte, error) {
	switch {
	case l.Nearest == nil:
		return json.Marshal(l.Index)
	case l.Unit == "":
		return json.Marshal(l.Nearest)
	}
	return json.Marshal(map[string]any{"nearest": l.Nearest, "unit": l.Unit})
}

// choice returns what picks the level of an image.
func (l Level) choice() ngff.Choice {
	if l.Nearest != nil {
		return ngff.Nearest(l.Nearest, l.Unit)
	}
	return ngff.Index(l.Index)
}

// settleLevel puts the path of the level's array in the place of the image's: from here on the dataset is that array, the
// same one as a dataset that gives its path.
func (d *Dataset) settleLevel() error {
	if d.Level == nil {
		return nil
	}
	const patience = 30 * time.Second // with a server
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	g, err := zarr.ReadGroup(ctx, d.Store, d.place().in())
	if err != nil {
		return fmt.Errorf("level: %w", err)
	}
	if g == nil {
		return fmt.Errorf("level: there is no OME-Zarr image at %s; leave level out, or give the path of an image", d.Store)
	}
	image, err := g.Image()
	if err != nil {
		return fmt.Errorf("level: %w", err)
	}
	if image == nil {
		return fmt.Errorf("level: %s", g.Describe(nil))
	}
	l, err := image.Choose(d.Level.choice())
	if err != nil {
		return fmt.Errorf("level: %w", err)
	}
	d.Store, d.Level, d.leveled = below(d.Store, l.Path), nil, true
	return nil
}

// below returns the location of what is at a path below a location.
func below(location, path string) string {
	if strings.Contains(location, "://") {
		return strings.TrimSuffix(location, "/") + "/" + path
	}
	return filepath.Join(location, filepath.FromSlash(path))
}

// overrides returns what to believe of the array instead of its metadata. Where this program made the array, attributes
// have the usual names, whatever others are meant for other arrays.
func (d *Dataset) overrides(array *zarr.Array) zarr.Overrides {
	o := zarr.Overrides{VoxelSize: floats(d.VoxelSize), Offset: floats(d.Offset), AxisNames: d.AxisNames, Units: d.Units,
		UseResolution: d.UseResolution, Unit: d.WorldUnit, Types: d.zarr().types}
	if m, err := ReadMarker(array); d.AttributeNames != nil && (m == nil || err != nil) {
		o.Names = *d.AttributeNames
	}
	return o
}

// place settles the level of a dataset, and under which names its array's attributes are.
func (b *Binder) place(d *Dataset) error {
	if d.WorldUnit != "" {
		if _, ok := ngff.UnitName(d.WorldUnit); !ok {
			return fmt.Errorf("world_unit: %q is no unit of UDUNITS, such as nanometer, micrometer, angstrom", d.WorldUnit)
		}
	}
	if d.AttributeNames == nil {
		d.AttributeNames = b.Named.AttributeNames
	}
	return d.settleLevel()
}

// LoadAttributeNames returns the names of attributes that funlib.persistence is configured with in a folder (see
// zarr.LoadAttributeNames), nil when they are the usual ones.
func LoadAttributeNames(dir string) (*zarr.AttributeNames, error) {
	names, err := zarr.LoadAttributeNames(dir)
	if err != nil || names == zarr.DefaultAttributeNames() {
		return nil, err
	}
	return &names, nil
}

// attributes returns what places the array when it is made: under the usual names, and under those that
// funlib.persistence is configured with as it would write them.
func (s ArraySpec) attributes(at zarr.Spatial) map[string]any {
	all := at.Attributes()
	if s.AttributeNames == nil {
		return all
	}
	for name, value := range at.AttributesAs(*s.AttributeNames) {
		if _, usual := all[name]; !usual {
			all[name] = value
		}
	}
	return all
}

// isIn reports whether the axes that a unit measures are in that unit.
func (s ArraySpec) isIn(unit string) bool {
	want, _ := ngff.UnitName(unit)
	for i, kind := range s.Types {
		have, _ := ngff.UnitName(s.Units[i])
		if (kind == "space" && ngff.IsLength(unit) || kind == "time" && ngff.IsTime(unit)) && have != want {
			return false
		}
	}
	return true
}
