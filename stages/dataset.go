package stages

import (
	"fmt"
	"path/filepath"

	"volara/config"
	"volara/geometry"
	"volara/zarr"
	"volara/zarr/lazy"
)

// DatasetType says how an array's values are meant.
type DatasetType string

// The dataset types of Volara.
const (
	TypeRaw         DatasetType = "raw"
	TypeAffs        DatasetType = "affs"
	TypeLabels      DatasetType = "labels"
	TypeLSD         DatasetType = "lsd"
	TypeCloudVolume DatasetType = "cloudvolume"
)

// Choices lists the values for the decoder.
func (DatasetType) Choices() []string {
	return []string{string(TypeRaw), string(TypeAffs), string(TypeLabels), string(TypeLSD), string(TypeCloudVolume)}
}

// A Dataset is a zarr array in a task's configuration: a path and what to believe instead of its metadata. In a file
// it is a mapping, or the name of an entry of `datasets:`.
type Dataset struct {
	Ref string `json:"-"` // the name, until bound

	Type      DatasetType         `json:"dataset_type,omitempty"`
	Store     string              `json:"store" config:"required"`
	VoxelSize geometry.Coordinate `json:"voxel_size,omitempty"` // spatial axes, world units
	Offset    geometry.Coordinate `json:"offset,omitempty"`
	AxisNames []string            `json:"axis_names,omitempty"` // all axes
	Units     []string            `json:"units,omitempty"`
	Writable  *bool               `json:"writable,omitempty"`

	Level          *Level               `json:"level,omitempty"`           // inputs: of an OME-Zarr image; part of Store when bound
	WorldUnit      string               `json:"world_unit,omitempty"`      // inputs: what world coordinates are converted to
	UseResolution  bool                 `json:"use_resolution,omitempty"`  // believe the legacy attribute
	AttributeNames *zarr.AttributeNames `json:"attribute_names,omitempty"` // nil when bound: the usual ones

	Neighborhood []geometry.Coordinate `json:"neighborhood,omitempty"` // affs: one offset a channel
	Chunks       geometry.Coordinate   `json:"chunks,omitempty"`       // outputs: chunk shape in voxels
	Compressor   string                `json:"compressor,omitempty"`   // outputs: zstd (default), blosc, gzip, raw
	Write        WriteMode             `json:"write,omitempty"`        // outputs: apart (default), locked
	Keep         Keep                  `json:"keep,omitempty"`         // outputs; moved to Use.Keep when bound

	// Inputs: what is computed while the array is read, in this order, or else Ops in theirs.
	OMENorm    *lazy.OMENorm    `json:"ome_norm,omitempty"`
	ScaleShift *lazy.ScaleShift `json:"scale_shift,omitempty"`
	Stack      *Dataset         `json:"stack,omitempty"`
	Channels   *lazy.Channels   `json:"channels,omitempty"`
	LUT        *lazy.LUT        `json:"lut,omitempty"`
	Ops        []DatasetOp      `json:"ops,omitempty"`

	ZarrKwargs map[string]any `json:"zarr_kwargs,omitempty"`
	S3Kwargs   map[string]any `json:"s3_kwargs,omitempty"`

	at      Place // instead of what Store and S3Kwargs say
	leveled bool  // Store is that of a level
	settled bool  // Neighborhood is that of the array as it is seen; see settleNeighborhood
}

// DecodeNode reads a mapping or a name.
func (d *Dataset) DecodeNode(n *config.Node) error {
	if n.Kind() == config.String {
		d.Ref = n.Text()
		return nil
	}
	type plain Dataset
	return n.Decode((*plain)(d))
}

// Name is the last element of the path; Volara's task names start with it.
func (d *Dataset) Name() string { return filepath.Base(d.Store) }

// resolve makes the path absolute, fills in the type that the field wants and refuses what is not built yet.
func (d *Dataset) resolve(base string, want DatasetType) error {
	if err := d.checkKwargs(); err != nil {
		return err
	}
	path, err := placeOf(base, d.Store)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	d.Store = path
	if len(d.Neighborhood) == 0 {
		d.Neighborhood = nil
	}
	if d.Type == "" {
		d.Type = want
	}
	if want != "" && d.Type != want {
		return fmt.Errorf("%s is declared as dataset_type %s; %s is needed here", d.Store, d.Type, want)
	}
	if d.Type == TypeCloudVolume {
		return fmt.Errorf("dataset_type cloudvolume is not built yet; raw, affs and labels are")
	}
	if d.OMENorm != nil && d.OMENorm.Off {
		d.OMENorm = nil
	}
	if len(d.Ops) > 0 && len(d.byField()) > 0 {
		return fmt.Errorf("%s has ops and %s; write all of them in ops, in the order in which they are meant", d.Store, d.byField()[0].name())
	}
	return nil
}
