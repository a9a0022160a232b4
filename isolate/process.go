package isolate

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Files of a child by number: over these it hears its parent and answers. Its standard output and error go to the log.
const (
	inFile  = 3
	outFile = 4
)

// Pipes returns the pipes of a child, in the child.
func Pipes() (in, out *os.File, err error) {
	in, out = os.NewFile(inFile, "pipe from the parent"), os.NewFile(outFile, "pipe to the parent")
	for _, f := range []*os.File{in, out} {
		if info, err := f.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
			return nil, nil, errors.New("this command is started by the program itself, for blocks that are processed apart (worker_type: process)")
		}
	}
	return in, out, nil
}

// A process is a started child, as the operating system sees it.
type process struct {
	cmd      *exec.Cmd
	in, out  *os.File // ends of this process
	complete chan struct{}
	tail     *tail // of what it wrote on standard output and error
	end      error // how it ended; after complete is closed

	killing sync.Once
}

// drainTime is how long what a dead child, or what it started, has written is waited for.
const drainTime = time.Second

// startProcess starts a child. line is called with what it writes on standard output and error.
func startProcess(command, env []string, line func(pid int, text string)) (*process, error) {
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	p := &process{cmd: exec.Command(command[0], command[1:]...), complete: make(chan struct{}), tail: &tail{}}
	var pipes [3][2]*os.File
	for i := range pipes {
		r, w, err := os.Pipe()
		if err != nil {
			for _, pair := range pipes[:i] {
				pair[0].Close()
				pair[1].Close()
			}
			return nil, err
		}
		pipes[i] = [2]*os.File{r, w}
	}
	theirs = []*os.File{pipes[0][0], pipes[1][1], pipes[2][1]}
	p.in, p.out = pipes[0][1], pipes[1][0]
	printed := pipes[2][0]
	p.cmd.Env, p.cmd.ExtraFiles = env, theirs[:2]
	p.cmd.Stdout, p.cmd.Stderr = theirs[2], theirs[2]
	p.cmd.SysProcAttr = attributes()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, p.in.Close(), p.out.Close(), printed.Close())
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		eachLine(printed, func(text string) {
			p.tail.add(text)
			line(p.cmd.Process.Pid, text)
		})
	}()
	go func() {
		p.end = p.cmd.Wait()
		select {
		case <-drained:
		case <-time.After(drainTime): // a process that the child has started holds it open
		}
		printed.Close()
		close(p.complete)
	}()
	return p, nil
}

// kill ends the child as hard as it can be done.
func (p *process) kill() {
	p.killing.Do(func() { p.cmd.Process.Kill() }) // fails when it has ended already
}

// release closes the pipes of this process. Afterwards the child, when it lives, knows that it is not needed.
func (p *process) release() {
	p.in.Close()
	p.out.Close()
}

// describe says how the child ended, for people. It has ended.
func (p *process) describe() string {
	state := p.cmd.ProcessState
	if state == nil {
		return fmt.Sprint(p.end)
	}
	return describe(state)
}
