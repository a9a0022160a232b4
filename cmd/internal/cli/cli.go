// Package cli holds what both programs share: exit status, signals, errors, and the worker command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"volara/config"
	"volara/console"
	"volara/pipeline"
	"volara/stages"
)

// The exit status of both programs.
const (
	ExitDone   = 0 // all done
	ExitFailed = 1 // blocks failed or were orphaned, or the run ended early
	ExitInput  = 2 // bad input or usage

	ExitInterrupted = 130 // stopped by an interrupt, what can be gone on with
)

// ErrIncomplete says that the run has ended, has been reported, and is not complete.
var ErrIncomplete = errors.New("the run is not complete")

// ErrInterrupted says that an interrupt has stopped the command, and that it has been reported.
var ErrInterrupted = errors.New("interrupted")

// Main parses the arguments into grammar (vars are put into its help and defaults), runs the command and returns the exit status.
func Main(name, description string, grammar any, vars kong.Vars, args []string) int {
	if len(args) > 0 && args[0] == pipeline.ChildCommand {
		return Report(os.Stderr, pipeline.ServeBlocks(stages.Builtin()))
	}
	status := -1
	parser, err := kong.New(grammar, kong.Name(name), kong.Description(description), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.NamedMapper("path", pathMapper()), vars, kong.Exit(func(code int) { status = code }))
	if err != nil {
		panic(err) // the grammar is part of the program
	}
	kctx, err := parser.Parse(args)
	if status >= 0 { // --help
		return status
	}
	if empty := checkNotEmpty(args); empty != nil {
		err = empty
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: error: %v\n", name, err)
		return ExitInput
	}
	// A reader that has gone, as in `volara up | head`, is an error of writing and not the end of the process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	blocks := hasBlocks(kctx)
	ctx, stop := interruptible(context.Background(), blocks)
	defer stop()
	kctx.BindTo(ctx, (*context.Context)(nil))
	err = kctx.Run()
	if !blocks && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = ErrInterrupted // of which interruptible has told
	}
	return Report(os.Stderr, err)
}

// hasBlocks reports whether the command that was chosen works on blocks, which an interrupt lets it finish: those whose
// field in the grammar is tagged blocks, and a program that has no others.
func hasBlocks(kctx *kong.Context) bool {
	command := kctx.Selected()
	return command == nil || command.Tag.Has("blocks")
}

// interruptible returns a context that the first interrupt cancels; the second one ends the process.
func interruptible(parent context.Context, blocks bool) (context.Context, context.CancelFunc) {
	what := "stopping; interrupt again to stop at once"
	if blocks {
		what = "stopping: blocks in work are finished first; interrupt again to stop at once (nothing recorded is lost)"
	}
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			fmt.Fprintln(os.Stderr, what)
			cancel()
		case <-ctx.Done():
			return
		}
		<-signals
		os.Exit(ExitInterrupted)
	}()
	return ctx, func() { cancel(); signal.Stop(signals) }
}

// Report writes an error for people and returns the exit status that goes with it.
func Report(w io.Writer, err error) int {
	if err == nil {
		return ExitDone
	}
	if errors.Is(err, ErrIncomplete) {
		return ExitFailed
	}
	if errors.Is(err, ErrInterrupted) {
		return ExitInterrupted
	}
	if errors.Is(err, syscall.EPIPE) { // whoever read the output has seen enough
		return ExitDone
	}
	fmt.Fprintln(w, "error:", config.Render(err, console.Colour(w)))
	if pipeline.IsInput(err) {
		return ExitInput
	}
	return ExitFailed
}
