// Command stage processes blocks of a run that `volara up` tracks elsewhere: on other nodes, as many as there are.
package main

import (
	"context"
	"os"

	"volara/cmd/internal/cli"
)

type grammar struct{ cli.Worker }

// Run is called by kong.
func (g *grammar) Run(ctx context.Context) error { return g.Invoke(ctx) }

func main() {
	os.Exit(cli.Main("stage", "Processes blocks of a volara run.", new(grammar), nil, os.Args[1:]))
}
