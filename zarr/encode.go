package zarr

import "volara/zarr/pyjson"

// A file is a metadata file to be written.
type file struct {
	name string
	data []byte
}

// encode returns the metadata files of the array, in the order in which they are to be written, so that the array
// exists when the last one does. What it returns can be read back: a Spec that makes no sense is an error.
func (s Spec) encode() ([]file, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	attrs := s.Attributes
	if attrs == nil {
		attrs = map[string]any{}
	}
	name, doc, err := "zarr.json", any(nil), error(nil)
	if s.Format == 2 {
		name = ".zarray"
		doc, err = s.v2()
	} else {
		doc, err = s.v3(attrs)
	}
	if err != nil {
		return nil, err
	}
	main, err := pyjson.Marshal(doc)
	if err != nil {
		return nil, err
	}
	files := []file{{name, main}}
	if s.Format == 2 && len(attrs) > 0 {
		data, err := pyjson.Marshal(attrs)
		if err != nil {
			return nil, err
		}
		files = []file{{".zattrs", data}, {name, main}}
	}
	_, err = parseFiles("", files)
	return files, err
}

// Check tells what would make Create refuse the Spec.
func (s Spec) Check() error {
	_, err := s.encode()
	return err
}

// parseFiles reads metadata files as if they were in dir.
func parseFiles(dir string, files []file) (*Metadata, error) {
	at := func(name string) string { return dir + "/" + name }
	main := files[len(files)-1]
	if main.name == "zarr.json" {
		return parseV3(at(main.name), main.data)
	}
	var attrs []byte
	if len(files) > 1 {
		attrs = files[0].data
	}
	return parseV2(at(main.name), main.data, at(".zattrs"), attrs)
}
