package zarr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"volara/fault"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

// SetAttributes sets attributes of the array and leaves its others as they are; nil removes one. The file they are in
// is replaced as a whole or not at all, and what another process sets at the same time is not lost, as far as the store can
// see to that (see store.Change). Attributes of an array that was removed meanwhile are an error.
func (a *Array) SetAttributes(ctx context.Context, attrs map[string]any) error {
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	set, err := encodeAttributes(attrs)
	if err != nil {
		return fmt.Errorf("setting attributes of %s: %w", a.path, err)
	}
	if err := a.rewrite(ctx, a.state.meta.attributesKey(), set); err != nil {
		return fmt.Errorf("setting attributes of %s: %w", a.path, err)
	}
	m, err := a.load(ctx)
	if err != nil {
		return err
	}
	a.state.meta = m
	return nil
}

// AttributesFile returns the path of the file that holds the attributes. It is another file after they were set.
func (a *Array) AttributesFile() string { return a.chunkName(a.metadata().attributesKey()) }

// AttributesKey returns the key of that file below the array's node.
func (a *Array) AttributesKey() string { return a.metadata().attributesKey() }

func (m *Metadata) attributesKey() string {
	if m.Format == 3 {
		return "zarr.json"
	}
	return ".zattrs"
}

// encodeAttributes encodes each value; nil stays nil.
func encodeAttributes(attrs map[string]any) (map[string]json.RawMessage, error) {
	set := make(map[string]json.RawMessage, len(attrs))
	for name, v := range attrs {
		if v == nil {
			set[name] = nil
			continue
		}
		raw, err := pyjson.Raw(v)
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", name, err)
		}
		set[name] = raw
	}
	return set, nil
}

// rewrite sets attributes in a metadata file; all else in it stays.
func (a *Array) rewrite(ctx context.Context, key string, set map[string]json.RawMessage) error {
	err := store.Change(ctx, a.Node(), key, metadataLimit, nil, func(old []byte) ([]byte, error) { return a.edit(key, old, set) })
	if errors.Is(err, store.ErrRange) {
		return fault.Permanent(err)
	}
	return err
}

// edit returns a metadata file with attributes set; data is nil when there was none.
func (a *Array) edit(key string, data []byte, set map[string]json.RawMessage) ([]byte, error) {
	doc := map[string]json.RawMessage{}
	if data == nil && key == "zarr.json" {
		return nil, fault.Permanent(fmt.Errorf("%w: it was removed", ErrNotFound))
	}
	if data != nil {
		f, err := parseFields(a.chunkName(key), data)
		if err != nil {
			return nil, err
		}
		doc = f.raw
	}
	if key == "zarr.json" {
		attrs := map[string]json.RawMessage{}
		if raw, ok := doc["attributes"]; ok {
			if err := json.Unmarshal(raw, &attrs); err != nil {
				return nil, err
			}
		}
		raw, err := pyjson.Raw(merge(attrs, set))
		if err != nil {
			return nil, err
		}
		doc["attributes"] = raw
	} else {
		doc = merge(doc, set)
	}
	return pyjson.Marshal(doc)
}

func merge(attrs, set map[string]json.RawMessage) map[string]json.RawMessage {
	if attrs == nil {
		attrs = map[string]json.RawMessage{}
	}
	maps.Copy(attrs, set)
	maps.DeleteFunc(attrs, func(_ string, raw json.RawMessage) bool { return raw == nil })
	return attrs
}
