package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"volara/pipeline"
	"volara/stages"
	"volara/stream"
)

// A Show runs the demo's pipeline twice in processes of its own: once undisturbed, and once killed half way and
// resumed. Both must give the same outputs.
type Show struct {
	Program string   // the volara program
	Args    []string // of `volara up`, before the file
	Dir     string   // where Write has put the volume
	Out     io.Writer
}

// interrupted is the folder of the second run, below Dir.
const interrupted = "interrupted"

// Undisturbed segments the volume.
func (s *Show) Undisturbed(ctx context.Context) error {
	return s.up(ctx, In(s.Dir).Pipeline).Run()
}

// Interrupted segments the same volume again elsewhere, kills the run with SIGKILL half way, and lets another one finish
// it. It returns how many blocks were done when it was killed, and how many there are.
func (s *Show) Interrupted(ctx context.Context) (done, total int64, err error) {
	file, err := s.second()
	if err != nil {
		return 0, 0, err
	}
	first := s.up(ctx, file)
	first.Stdout, first.Stderr = io.Discard, io.Discard
	if err := first.Start(); err != nil {
		return 0, 0, fmt.Errorf("start the run to be killed: %w", err)
	}
	if done, total, err = s.half(ctx, file); err != nil {
		return 0, 0, errors.Join(err, first.Process.Kill(), ignoreExit(first.Wait()))
	}
	if err := errors.Join(first.Process.Kill(), ignoreExit(first.Wait())); err != nil {
		return done, total, err
	}
	fmt.Fprintf(s.Out, "killed with %d of %d blocks done; now it is resumed\n", done, total)
	return done, total, s.up(ctx, file).Run()
}

// up returns the command that runs a pipeline file.
func (s *Show) up(ctx context.Context, file string) *exec.Cmd {
	c := exec.CommandContext(ctx, s.Program, append(append([]string{"up"}, s.Args...), file)...)
	c.Stdout, c.Stderr = s.Out, os.Stderr
	return c
}

// second makes the folder of the second run: the same pipeline file, the same affinities by a link, nothing else.
func (s *Show) second() (string, error) {
	dir := filepath.Join(s.Dir, interrupted)
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("clear the second run's folder: %w", err)
	}
	files := In(dir)
	if err := os.MkdirAll(files.Container, 0o777); err != nil {
		return "", fmt.Errorf("the second run's folder: %w", err)
	}
	affs, err := filepath.Abs(In(s.Dir).Affs)
	if err != nil {
		return "", err
	}
	if err := os.Symlink(affs, files.Affs); err != nil {
		return "", fmt.Errorf("link the affinities: %w", err)
	}
	text, err := os.ReadFile(In(s.Dir).Pipeline)
	if err != nil {
		return "", err
	}
	return files.Pipeline, os.WriteFile(files.Pipeline, text, 0o666)
}

// half waits until half of the blocks of a run's first task, which has most of the work, are done.
func (s *Show) half(ctx context.Context, file string) (done, total int64, err error) {
	p, err := pipeline.Load(stages.Builtin(), file)
	if err != nil {
		return 0, 0, err
	}
	dir := pipeline.RunDir(p.StateDir(), p.Name)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(5 * time.Minute)
	for {
		select {
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-deadline:
			return 0, 0, errors.New("the run did not get half way in five minutes")
		case <-ticker.C:
		}
		status, err := stream.ReadStatus(dir)
		if err != nil {
			continue // it has not begun
		}
		if len(status.Tasks) == 0 || 2*status.Tasks[0].Done < status.Tasks[0].Total {
			continue
		}
		done, total = 0, 0
		for _, t := range status.Tasks {
			done, total = done+t.Done, total+t.Total
		}
		return done, total, nil
	}
}

// ignoreExit leaves out the exit status of a process that was killed.
func ignoreExit(err error) error {
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		return nil
	}
	return err
}
