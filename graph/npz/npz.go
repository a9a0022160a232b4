package npz

import (
	"archive/zip"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
)

// Write writes the arrays as a deflated archive. It is the same bytes for the same arrays: no time stands in it.
func Write(w io.Writer, arrays ...Array) error {
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	for _, a := range arrays {
		member, err := archive.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Deflate})
		if err == nil {
			err = writeArray(member, a)
		}
		if err != nil {
			return fmt.Errorf("array %s: %w", a.Name, err)
		}
	}
	return archive.Close()
}

// A Reader is an open archive.
type Reader struct{ archive *zip.Reader }

// NewReader reads the archive's directory.
func NewReader(r io.ReaderAt, size int64) (*Reader, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	archive.RegisterDecompressor(zip.Deflate, flate.NewReader)
	return &Reader{archive}, nil
}

// Names returns the names of the arrays.
func (r *Reader) Names() []string {
	var names []string
	for _, f := range r.archive.File {
		names = append(names, strings.TrimSuffix(f.Name, ".npy"))
	}
	return names
}

// Array reads one array; found is false where the archive has none of that name. Its checksum is compared.
func (r *Reader) Array(name string) (a Array, found bool, err error) {
	for _, f := range r.archive.File {
		if strings.TrimSuffix(f.Name, ".npy") != name {
			continue
		}
		member, err := f.Open()
		if err != nil {
			return Array{}, true, fmt.Errorf("array %s: %w", name, err)
		}
		defer member.Close()
		a, err := readArray(member)
		if err != nil {
			return Array{}, true, fmt.Errorf("array %s: %w", name, err)
		}
		a.Name = name
		return a, true, nil
	}
	return Array{}, false, nil
}
