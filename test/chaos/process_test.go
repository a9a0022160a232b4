package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a program of a round, with its words in a file of the round's folder.
type process struct {
	*round
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	server bool // of a cluster: it stays until the end of the round
}

// mark is the variable by which a round finds its processes again, whoever started them.
const mark = "VOLARA_CHAOS"

// start starts one of the programs that are tested; extra are further variables of its environment.
func (r *round) start(name string, extra []string, program string, args ...string) *process {
	return r.launch(name, extra, filepath.Join(programs, program), args...)
}

// launch starts any program.
func (r *round) launch(name string, extra []string, path string, args ...string) *process {
	r.started++
	p := &process{round: r, name: fmt.Sprintf("%02d-%s", r.started, name), done: make(chan struct{})}
	log, err := os.Create(filepath.Join(r.dir, p.name+".log"))
	if err != nil {
		r.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(path, args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(os.Environ(), mark+"="+r.dir, "VOLARA_POINT_DIR="+r.pointDir())
	p.cmd.Env = append(p.cmd.Env, extra...)
	if err := p.cmd.Start(); err != nil {
		r.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // ProcessState tells
		close(p.done)
	}()
	r.note("%s starts as %d: %s %s %s", p.name, p.cmd.Process.Pid, strings.Join(extra, " "), filepath.Base(path), strings.Join(args, " "))
	r.processes = append(r.processes, p)
	return p
}

// alive reports whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// ends waits for the end of the process and returns its exit status, −1 when a signal ended it. One that takes too long
// fails the round.
func (p *process) ends(within time.Duration) int {
	select {
	case <-p.done:
	case <-time.After(within):
		p.signal(syscall.SIGQUIT) // says where its goroutines are
		time.Sleep(time.Second)
		p.Fatalf("%s has not ended within %v", p.name, within)
	}
	status := p.cmd.ProcessState.ExitCode()
	p.note("%s has ended: %v", p.name, p.cmd.ProcessState)
	return status
}

// endsOrStops waits until the process has ended or is stopped, for as long as limit; stopped reports the latter.
func (p *process) endsOrStops(limit time.Duration) (stopped bool) {
	for began := time.Now(); time.Since(began) < limit; time.Sleep(5 * time.Millisecond) {
		if !p.alive() {
			return false
		}
		if p.stopped() {
			p.note("%s has stopped", p.name)
			return true
		}
	}
	p.Fatalf("%s neither ended nor stopped within %v", p.name, limit)
	return false
}

// stopped reports whether a SIGSTOP has had its effect.
func (p *process) stopped() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return false
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return len(rest) > 0 && rest[0] == 'T'
}

func (p *process) signal(s syscall.Signal) {
	p.note("%s gets %v", p.name, s)
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.Error(err)
	}
}

// pause stops a process, wake lets it go on.
func (p *process) pause() { p.signal(syscall.SIGSTOP) }
func (p *process) wake()  { p.signal(syscall.SIGCONT) }

// kill ends the process at once.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// leaves asks the process to leave and demands that it does, with status 0.
func (p *process) leaves() {
	if !p.alive() {
		return
	}
	p.signal(syscall.SIGTERM)
	if status := p.ends(20 * time.Second); status != 0 {
		p.Errorf("%s was asked to leave and ended with status %d\n%s", p.name, status, p.said())
	}
}

// said returns the last words of the process.
func (p *process) said() string {
	text, err := os.ReadFile(filepath.Join(p.dir, p.name+".log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// orphans returns the processes of the round that are alive and should not be.
func (r *round) orphans() []int {
	servers := map[int]bool{}
	for _, p := range r.processes {
		if p.server && p.alive() {
			servers[p.cmd.Process.Pid] = true
		}
	}
	return slices.DeleteFunc(r.alive(), func(pid int) bool { return servers[pid] })
}

// alive returns the processes of the round.
func (r *round) alive() []int {
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		r.Fatal(err)
	}
	var pids []int
	for _, path := range environments {
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text, []byte(mark+"="+r.dir+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// reap kills what a round has left.
func (r *round) reap() {
	for _, pid := range r.alive() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, p := range r.processes {
		<-p.done
	}
}
