package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"volara/pipeline"
)

type initCmd struct {
	Volume string `arg:"" name:"affs" help:"Array of affinities." type:"path"`
	Out    string `short:"o" help:"Pipeline file to write; it must not exist." default:"pipeline.yaml" type:"path"`
}

// Run is called by kong.
func (c *initCmd) Run(ctx context.Context) error {
	text, err := pipeline.Scaffold(ctx, c.Volume, c.Out)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return &pipeline.InputError{Err: fmt.Errorf("%s exists; name another file with -o", c.Out)}
	}
	if err != nil {
		return &pipeline.InputError{Err: err}
	}
	if _, err := file.Write(text); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	fmt.Printf("wrote %s; look at it, then: volara plan %s\n", c.Out, c.Out)
	return nil
}
