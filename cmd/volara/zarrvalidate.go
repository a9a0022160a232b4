package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"volara/cmd/internal/cli"
	"volara/fault"
	"volara/pipeline"
	"volara/volume"
	"volara/zarr/pyjson"
	"volara/zarr/store"
	"volara/zarr/validate"
)

type zarrValidateCmd struct {
	Path   string `arg:"" help:"Image, plate, or any group or array: a path or a URL; or a JSON file of OME-NGFF metadata."`
	Strict bool   `help:"Demand what the specification recommends, too."`
	Data   bool   `help:"Read every stored chunk, and name those that cannot be decoded."`
	limitArgs
}

// verdict is what the command prints.
type verdict struct {
	validate.Report
	Data *volume.Findings `json:"data,omitempty"`
}

// Run is called by kong. The exit status is 1 for what is not valid, 2 for what cannot be looked at.
func (c *zarrValidateCmd) Run(ctx context.Context) error {
	l, err := c.limits()
	if err != nil {
		return err
	}
	v, err := c.verdict(ctx, l)
	if err != nil {
		return asInput(err)
	}
	if err := printVerdict(v); err != nil {
		return err
	}
	if !v.Valid {
		return cli.ErrIncomplete
	}
	return nil
}

func (c *zarrValidateCmd) verdict(ctx context.Context, l volume.Limits) (v verdict, err error) {
	o := validate.Options{Strict: c.Strict}
	if info, err := os.Stat(c.Path); err == nil && info.Mode().IsRegular() && !strings.EqualFold(filepath.Ext(c.Path), ".zip") {
		data, err := readDocument(c.Path)
		if err != nil {
			return v, &pipeline.InputError{Err: err}
		}
		v.Report = validate.Document(c.Path, data, o)
		return v, nil
	}
	where, err := store.Open(ctx, c.Path, store.Options{})
	if err != nil {
		return v, &pipeline.InputError{Err: err}
	}
	defer where.Close()
	if v.Report, err = validate.Node(ctx, where, o); err != nil {
		if ctx.Err() == nil {
			err = &pipeline.InputError{Err: err}
		}
		return v, err
	}
	n, err := volume.At(ctx, where)
	switch {
	case n == nil && err == nil: // nothing is there
		_, err = volume.Find(ctx, c.Path)
		return v, err
	case err != nil && ctx.Err() == nil && (fault.IsEnvironment(err) || c.Data && len(v.Problems) == 0):
		return v, asInput(err)
	case err != nil || !c.Data: // the report says what is wrong
		return v, ctx.Err()
	}
	found, err := volume.Verify(ctx, n, l)
	v.Data = &found
	v.Valid = v.Valid && len(found.Damaged) == 0
	return v, err
}

// readDocument reads a metadata file that lies alone.
func readDocument(path string) ([]byte, error) {
	const most = 64 << 20 // as of all metadata files
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > most:
		return nil, fmt.Errorf("%s is no metadata file: it is longer than %d MiB", path, most>>20)
	case !pyjson.Valid(data):
		return nil, fmt.Errorf("%s is no JSON file", path)
	}
	return data, nil
}

// printVerdict prints one line of JSON, {"valid": true}, and what is wrong on standard error, for people.
func printVerdict(v verdict) error {
	text, err := json.MarshalIndent(v, "", "")
	if err != nil {
		return err
	}
	line := strings.NewReplacer(",\n", ", ", "\n", "").Replace(string(text))
	var b strings.Builder
	for _, p := range v.Problems {
		fmt.Fprintf(&b, "not valid: %s: %s\n", p.Where, p.What)
	}
	for _, p := range v.Warnings {
		fmt.Fprintf(&b, "warning: %s: %s\n", p.Where, p.What)
	}
	if v.Data != nil {
		for _, d := range v.Data.Damaged {
			fmt.Fprintf(&b, "damaged: %s\n", d.Error)
		}
	}
	_, err = os.Stderr.WriteString(b.String())
	_, printed := fmt.Println(line)
	return errors.Join(err, printed)
}
