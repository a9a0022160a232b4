package volume

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"volara/zarr/ngff"
	"volara/zarr/pyjson"
)

// Info is what a person asks of a node. docs/zarr.md describes it as JSON.
type Info struct {
	Path   string `json:"path"`
	Kind   Kind   `json:"kind"`
	Format int    `json:"zarr_format,omitempty"`
	*ArrayInfo
	*ImageInfo
	Plate *PlateInfo `json:"plate,omitempty"`
	// Members are the nodes below a group; Omitted is how many folders below it were not looked into.
	Members    []Member                   `json:"members,omitempty"`
	Omitted    int                        `json:"members_omitted,omitempty"`
	Attributes map[string]json.RawMessage `json:"attributes,omitempty"`
	Warnings   []string                   `json:"warnings,omitempty"`
}

// ArrayInfo is what there is to know of an array.
type ArrayInfo struct {
	Shape []int  `json:"shape"`
	DType string `json:"dtype"`
	// ByteOrder is "little" or "big", "" where elements have one byte.
	ByteOrder string `json:"byte_order,omitempty"`
	// Chunks are what is decoded at once; Shards what is stored as one object, nil where that is the same. SubShards are
	// the shards inside shards.
	Chunks    []int   `json:"chunks"`
	Shards    []int   `json:"shards"`
	SubShards [][]int `json:"sub_shards,omitempty"`
	// Order is "C", "F", or the permutation of the axes.
	Order string `json:"order"`
	// Codecs are as the metadata has them: v3's codecs, or v2's filters and compressor.
	Codecs         []json.RawMessage `json:"codecs"`
	Fill           *Value            `json:"fill_value"`
	Separator      string            `json:"dimension_separator"`
	KeyEncoding    string            `json:"chunk_key_encoding"`
	DimensionNames []string          `json:"dimension_names,omitempty"`
	Place          *PlaceInfo        `json:"placement"`
	Level          *LevelOf          `json:"level_of,omitempty"`
	LogicalBytes   int64             `json:"logical_bytes"`
	ChunksTotal    int               `json:"chunks_total"`
	// Stored is nil where it was not counted.
	Stored *StoredInfo `json:"stored,omitempty"`
}

// StoredInfo counts what of an array is stored. ChunksTotal and Objects count stored objects: chunks, or shards of them.
type StoredInfo struct {
	Objects int   `json:"chunks_present"`
	Bytes   int64 `json:"bytes"`
	// Ratio is that of the voxels in the stored objects to what they take, 0 where nothing is stored.
	Ratio float64 `json:"ratio"`
}

// PlaceInfo is the place of an array in the world: a number for every axis of space and time.
type PlaceInfo struct {
	Axes      []AxisInfo `json:"axes"`
	VoxelSize []float64  `json:"voxel_size"`
	Offset    []float64  `json:"offset"`
	End       []float64  `json:"end"`
	Units     []string   `json:"units"`
}

// AxisInfo is an axis of an array or an image.
type AxisInfo struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Unit string `json:"unit,omitempty"`
}

// LevelOf says of which image an array is a level.
type LevelOf struct {
	Image string `json:"image"` // the file with the image's metadata
	Level int    `json:"level"`
}

// ImageInfo is what there is to know of an OME-NGFF image.
type ImageInfo struct {
	Version string      `json:"ngff_version"`
	Name    string      `json:"name,omitempty"`
	Axes    []AxisInfo  `json:"axes"`
	Levels  []LevelInfo `json:"levels"`
	Omero   *ngff.Omero `json:"omero,omitempty"`
	Labels  []string    `json:"labels,omitempty"`
	// ImageLabel says what the values mean where the image is a label image.
	ImageLabel *ngff.ImageLabel `json:"image_label,omitempty"`
}

// LevelInfo is a level of an image. Shape to Chunks are nil where the array cannot be opened, which is warned of.
type LevelInfo struct {
	Path        string    `json:"path"`
	Shape       []int     `json:"shape"`
	DType       string    `json:"dtype"`
	Chunks      []int     `json:"chunks"`
	Shards      []int     `json:"shards"`
	Scale       []float64 `json:"scale"`
	Translation []float64 `json:"translation"`
}

// PlateInfo counts what a plate has.
type PlateInfo struct {
	Name         string   `json:"name,omitempty"`
	Rows         []string `json:"rows"`
	Columns      []string `json:"columns"`
	Wells        []string `json:"wells"`
	Acquisitions int      `json:"acquisitions"`
}

// A Member is a node below a group.
type Member struct {
	Name  string `json:"name"`
	Kind  Kind   `json:"kind"`
	Shape []int  `json:"shape,omitempty"`
	DType string `json:"dtype,omitempty"`
	Error string `json:"error,omitempty"` // why it cannot be read
}

// DescribeOptions say what Describe may take time for.
type DescribeOptions struct {
	// Count lists the stored objects of an array, for as long as CountFor says; 0 is however long it takes.
	Count    bool
	CountFor time.Duration
	// Members is the largest number of members of a group that are looked at.
	Members int
}

// Describe returns what a person asks of a node. What cannot be found out is left out, with a warning.
func Describe(ctx context.Context, n *Node, o DescribeOptions) (Info, error) {
	info := Info{Path: n.Where.String(), Kind: n.Kind, Format: n.Format, Attributes: strict(n.Attributes), Warnings: n.Warnings}
	if n.Array != nil {
		if err := info.array(ctx, n, o); err != nil {
			return info, err
		}
		return info, nil
	}
	if err := info.image(ctx, n); err != nil {
		return info, err
	}
	info.plate(n)
	return info, info.members(ctx, n, o.Members)
}

// strict returns attributes as JSON: where Python has written NaN, there is the text "NaN".
func strict(attrs map[string]json.RawMessage) map[string]json.RawMessage {
	s := maps.Clone(attrs)
	for name, raw := range s {
		s[name] = pyjson.Strict(raw)
	}
	return s
}

func (i *Info) warn(err error) {
	if err != nil {
		i.Warnings = append(i.Warnings, err.Error())
	}
}
