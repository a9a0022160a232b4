package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"volara/console"
	"volara/pipeline"
)

type evalCmd struct {
	Seg  string `arg:"" help:"Segmentation: a label array." type:"path"`
	GT   string `arg:"" name:"gt" help:"Ground truth: a label array; 0 is ignored." type:"path"`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run is called by kong.
func (c *evalCmd) Run(ctx context.Context) error {
	score, err := pipeline.Evaluate(ctx, c.Seg, c.GT, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	if c.JSON {
		return console.WriteJSON(os.Stdout, score)
	}
	printScore(score)
	return nil
}

func printScore(s pipeline.Score) {
	fmt.Printf("variation of information  %.4f bits\n", s.VOI)
	fmt.Printf("  split H(SEG|GT)         %.4f bits\n", s.Split)
	fmt.Printf("  merge H(GT|SEG)         %.4f bits\n", s.Merge)
	fmt.Printf("adapted Rand error        %.4f\n", s.AdaptedRandError)
	fmt.Printf("voxels compared           %s\n", console.Count(int64(s.Voxels)))
}
