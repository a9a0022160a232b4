package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrOtherHost says that all that is left of a run is for workers on another host.
var ErrOtherHost = errors.New("what is left of the run is for workers on another host")

// A Host names a running system: processes on one host share its kernel, and with it locks and memory. It is written
// NAME/ID; the ID tells hosts apart, the name is for people.
type Host string

// ProcessName names this process for people: host name and process id. Processes of hosts of one name may share it.
func ProcessName() string { return fmt.Sprintf("%s-%d", ThisHost().Name(), os.Getpid()) }

// ThisHost returns the host of this process: its id is that of the kernel's boot, which containers share.
func ThisHost() Host {
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return NamedHost(name)
	}
	return Host(name + "/" + strings.TrimSpace(string(id)))
}

// NamedHost returns a host that is told apart by its name.
func NamedHost(name string) Host {
	name = strings.ReplaceAll(name, "/", "-")
	return Host(name + "/" + name)
}

// Name returns the host's name.
func (h Host) Name() string {
	name, _, _ := strings.Cut(string(h), "/")
	return name
}

// Same reports whether both are one host. The empty host is any.
func (h Host) Same(o Host) bool {
	_, a, _ := strings.Cut(string(h), "/")
	_, b, _ := strings.Cut(string(o), "/")
	return h == "" || o == "" || a == b
}

// elsewhere lists the tasks that are bound to another host than h, of those named.
func (p Plan) elsewhere(h Host, names []string) (tasks []string, host Host) {
	for _, t := range p.Tasks {
		if !t.Host.Same(h) && slices.Contains(names, t.Name) {
			tasks, host = append(tasks, t.Name), t.Host
		}
	}
	return tasks, host
}

// Elsewhere returns a task of the run, with its host, that is bound to another host than h in an epoch that has not
// ended: workers may be at it. "" when there is none.
func Elsewhere(ctx context.Context, js jetstream.JetStream, run string, h Host) (task string, host Host, err error) {
	record, err := readRecord(ctx, js, run)
	if err != nil || record.Ended {
		return "", "", err
	}
	tasks, host := record.Plan.elsewhere(h, record.Todo)
	if len(tasks) == 0 {
		return "", "", nil
	}
	return tasks[0], host, nil
}

// Unended reports whether the last epoch of a run has not been brought to its end: its tracker has died, or leads.
func Unended(ctx context.Context, js jetstream.JetStream, run string) (bool, error) {
	record, err := readRecord(ctx, js, run)
	return err == nil && record.Epoch > 0 && !record.Ended, err
}

// welcome reports whether there is something for this worker in an epoch: ErrOtherHost when everything that is left is
// for another host. With some it goes on, with a warning.
func (w *Worker) welcome(record runRecord) error {
	tasks, host := record.Plan.elsewhere(w.opts.Host, record.Todo)
	if len(tasks) == 0 {
		return nil
	}
	if len(tasks) == len(record.Todo) {
		return fmt.Errorf("%w: tasks %s keep a graph in a file of %s (SQLite), which hosts cannot share; run workers there, or keep the graph in PostgreSQL",
			ErrOtherHost, strings.Join(tasks, ", "), host.Name())
	}
	w.log.Warn("some tasks are left to workers on the host of their SQLite graph", "tasks", strings.Join(tasks, ", "),
		"their host", host.Name(), "this host", w.opts.Host.Name())
	return nil
}
