package transfer

import (
	"encoding/json"
	"path"

	"volara/volume"
)

// multiscales returns the images that a group's attributes describe.
func multiscales(attrs map[string]any) []map[string]any {
	if ome, ok := attrs["ome"].(map[string]any); ok {
		attrs = ome
	}
	return objects(attrs["multiscales"])
}

// objects returns the objects in a list.
func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var all []map[string]any
	for _, e := range list {
		if o, ok := e.(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

// shiftLevels moves the levels of images to where their first voxel lies after a crop; lo returns the voxels that were
// cut off before it, nil for a level that was not cropped. The last translation of a level takes the shift, or a new one
// does, after a scale.
func shiftLevels(attrs map[string]any, lo func(level string) []int) {
	for _, image := range multiscales(attrs) {
		for _, dataset := range objects(image["datasets"]) {
			level, _ := dataset["path"].(string)
			offset := lo(path.Clean(level))
			if offset == nil {
				continue
			}
			transforms, _ := dataset["coordinateTransformations"].([]any)
			dataset["coordinateTransformations"] = shifted(transforms, offset)
		}
	}
}

// shifted returns the transformations, such that voxel 0 lies where the voxel at offset did.
func shifted(transforms []any, offset []int) []any {
	shift := make([]float64, len(offset))
	for d, n := range offset {
		shift[d] = float64(n)
	}
	last, scaled := map[string]any(nil), false
	for _, t := range transforms {
		last, _ = t.(map[string]any)
		if scale := numbers(last["scale"]); len(scale) == len(shift) {
			scaled = true
			for d := range shift {
				shift[d] *= scale[d]
			}
		}
	}
	if at := numbers(last["translation"]); len(at) == len(shift) {
		for d := range shift {
			shift[d] += at[d]
		}
		last["translation"] = shift
		return transforms
	}
	if !scaled {
		ones := make([]float64, len(shift))
		for d := range ones {
			ones[d] = 1
		}
		transforms = append(transforms, map[string]any{"type": "scale", "scale": ones})
	}
	return append(transforms, map[string]any{"type": "translation", "translation": shift})
}

// numbers returns a list of numbers, nil for anything else.
func numbers(v any) []float64 {
	list, _ := v.([]any)
	var all []float64
	for _, e := range list {
		n, ok := e.(json.Number)
		f, err := n.Float64()
		if !ok || err != nil {
			return nil
		}
		all = append(all, f)
	}
	return all
}

// ngffParts are the parts of OME-NGFF metadata that version 0.5 has under "ome", and 0.4 beside other attributes.
func ngffParts() []string {
	return []string{"multiscales", "omero", "labels", "image-label", "plate", "well", "bioformats2raw.layout", "series"}
}

// convertNGFF turns metadata of version 0.4 into 0.5 where the format of zarr becomes 3, and back where it becomes 2. They
// differ in where they are, and in where the version is.
func convertNGFF(attrs map[string]any, version string, format int) (map[string]any, error) {
	if format == 3 {
		if version != "0.4" && version != "" {
			return nil, volume.Refuse("OME-NGFF metadata of version %s cannot become 0.5, which zarr v3 needs; 0.4 can", version)
		}
		ome := map[string]any{"version": "0.5"}
		for _, part := range ngffParts() {
			if v, ok := attrs[part]; ok {
				setVersion(part, v, nil)
				ome[part] = v
				delete(attrs, part)
			}
		}
		attrs["ome"] = ome
		return attrs, nil
	}
	ome, ok := attrs["ome"].(map[string]any)
	if !ok || version != "0.5" && version != "" {
		return nil, volume.Refuse("OME-NGFF metadata of version %s cannot become 0.4, which zarr v2 needs; 0.5 can", version)
	}
	delete(attrs, "ome")
	for part, v := range ome {
		if part != "version" {
			setVersion(part, v, "0.4")
			attrs[part] = v
		}
	}
	return attrs, nil
}

// setVersion sets the version inside a part that has one in 0.4; nil removes it.
func setVersion(part string, v any, version any) {
	var parts []map[string]any
	switch part {
	case "multiscales":
		parts = objects(v)
	case "plate", "well", "image-label":
		if one, ok := v.(map[string]any); ok {
			parts = append(parts, one)
		}
	}
	for _, p := range parts {
		if version == nil {
			delete(p, "version")
		} else {
			p["version"] = version
		}
	}
}
