package stages

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// zarrKwargs are the arguments of zarr.open that a dataset gives and that mean something here.
type zarrKwargs struct {
	format    int      // 2 or 3; 0: not said
	separator string   // of chunk keys: "/", "." or "": not said
	path      string   // of the array below the store
	types     []string // of all axes
}

// parseZarrKwargs reads what Volara hands on to funlib.persistence and zarr-python. What would mean something else here is
// refused by name.
func parseZarrKwargs(kwargs map[string]any) (zarrKwargs, error) {
	var k zarrKwargs
	for _, name := range slices.Sorted(maps.Keys(kwargs)) {
		v, ok := kwargs[name], true
		if v == nil {
			continue
		}
		switch name {
		case "zarr_format", "zarr_version":
			format := fmt.Sprint(v)
			if ok = format == "2" || format == "3"; ok {
				k.format = int(format[0] - '0')
			}
		case "dimension_separator":
			k.separator, ok = v.(string)
			ok = ok && (k.separator == "/" || k.separator == ".")
		case "path":
			k.path, ok = v.(string)
		case "types":
			k.types, ok = texts(v)
		case "order":
			ok = v == "C"
		case "fill_value":
			ok = fmt.Sprint(v) == "0" || fmt.Sprint(v) == "0.0"
		case "write_empty_chunks", "use_consolidated", "consolidated", "strict_metadata", "cache_attrs", "cache_metadata", "synchronizer":
		case "compressor", "compressors", "codecs", "filters":
			return k, fmt.Errorf("zarr_kwargs: %s is not supported; write compressor: zstd, blosc, gzip or raw beside store", name)
		case "chunks", "shards":
			return k, fmt.Errorf("zarr_kwargs: %s is not supported; write chunks beside store", name)
		case "storage_options":
			return k, fmt.Errorf("zarr_kwargs: %s is not supported; write s3_kwargs beside store", name)
		default:
			return k, fmt.Errorf("zarr_kwargs: %s is not supported; zarr_format, path, dimension_separator and types are", name)
		}
		if !ok {
			return k, fmt.Errorf("zarr_kwargs: %s: %v is not supported", name, v)
		}
	}
	return k, nil
}

func texts(v any) ([]string, bool) {
	list, ok := v.([]any)
	var out []string
	for _, item := range list {
		text, is := item.(string)
		out, ok = append(out, text), ok && is
	}
	return out, ok
}

// checkKwargs reads the dataset's arguments for zarr and S3 and moves the path among them to the store.
func (d *Dataset) checkKwargs() error {
	k, err := parseZarrKwargs(d.ZarrKwargs)
	if err != nil {
		return fmt.Errorf("%s: %w", d.Store, err)
	}
	if path := strings.Trim(k.path, "/"); path != "" {
		d.Store = strings.TrimSuffix(d.Store, "/") + "/" + path
		d.ZarrKwargs = maps.Clone(d.ZarrKwargs)
		delete(d.ZarrKwargs, "path")
	}
	_, err = d.s3()
	return err
}

// zarr returns the dataset's arguments for zarr; the dataset is resolved.
func (d *Dataset) zarr() zarrKwargs {
	k, _ := parseZarrKwargs(d.ZarrKwargs) // checkKwargs has looked at them
	return k
}
