package ngff

import "fmt"

// A Plate is a grid of wells of a high-content screen, each a group of images.
type Plate struct {
	Name         string        `json:"name,omitempty"`
	Version      string        `json:"version,omitempty"` // up to 0.4
	FieldCount   int           `json:"field_count,omitempty"`
	Acquisitions []Acquisition `json:"acquisitions,omitempty"`
	Rows         []Named       `json:"rows"`
	Columns      []Named       `json:"columns"`
	Wells        []PlateWell   `json:"wells"`
}

// Named is a row or a column of a plate.
type Named struct {
	Name string `json:"name"`
}

// An Acquisition is one run of the microscope over a plate.
type Acquisition struct {
	ID                int    `json:"id"`
	Name              string `json:"name,omitempty"`
	Description       string `json:"description,omitempty"`
	MaximumFieldCount int    `json:"maximumfieldcount,omitempty"`
	StartTime         *int64 `json:"starttime,omitempty"` // seconds since 1970
	EndTime           *int64 `json:"endtime,omitempty"`
}

// A PlateWell says where a well's group is; Path is "<row>/<column>". Early versions give no
// indices.
type PlateWell struct {
	Path        string `json:"path"`
	RowIndex    *int   `json:"rowIndex,omitempty"`
	ColumnIndex *int   `json:"columnIndex,omitempty"`
}

// A Well holds fields of view, each an image.
type Well struct {
	Version string      `json:"version,omitempty"` // up to 0.4
	Images  []WellImage `json:"images"`
}

// A WellImage is a field of view; Acquisition is the id of the plate's acquisition that took it.
type WellImage struct {
	Path        string `json:"path"`
	Acquisition *int   `json:"acquisition,omitempty"`
}

// Plate returns what the group says of a plate, nil when it is none.
func (g *Group) Plate() (*Plate, error) {
	var p Plate
	if there, err := g.decode(keyPlate, &p); !there || err != nil {
		return nil, err
	}
	for i, w := range p.Wells {
		if !isLocal(w.Path) {
			return nil, g.errorf(fmt.Sprintf("plate.wells[%d].path", i), "%q is not a path within the plate", w.Path)
		}
	}
	return &p, nil
}

// Well returns what the group says of a well, nil when it is none.
func (g *Group) Well() (*Well, error) {
	var w Well
	if there, err := g.decode(keyWell, &w); !there || err != nil {
		return nil, err
	}
	for i, image := range w.Images {
		if !isLocal(image.Path) {
			return nil, g.errorf(fmt.Sprintf("well.images[%d].path", i), "%q is not a path within the well", image.Path)
		}
	}
	return &w, nil
}

func (p *Plate) paths() []string {
	var paths []string
	for _, w := range p.Wells {
		paths = append(paths, w.Path)
	}
	return paths
}

func (w *Well) paths() []string {
	var paths []string
	for _, image := range w.Images {
		paths = append(paths, image.Path)
	}
	return paths
}
