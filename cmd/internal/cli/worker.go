package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/alecthomas/kong"
	"github.com/nats-io/nats.go"

	"volara/console"
	"volara/pipeline"
	"volara/stages"
	"volara/stream"
)

// MaxWorkers is the largest number of blocks in work at once in one process; each takes a connection and a journal.
const MaxWorkers = 1024

// Worker is the command that processes blocks of a run that another process tracks.
type Worker struct {
	Host
	Cache
	NATS    string        `name:"nats" help:"URL of the run's server, nats://[TOKEN@]HOST:PORT, or of several of its cluster, separated by commas; found through --state when left out." env:"NATS_URL"`
	Creds   string        `help:"Credentials file for the server." env:"NATS_CREDS" type:"path" placeholder:"FILE"`
	CA      string        `name:"ca" help:"Certificates (PEM) by which the server is known; default: the system's." env:"NATS_CA" type:"path" placeholder:"FILE"`
	Run     string        `name:"run" required:"" help:"Name of the run."`
	State   string        `help:"State directory of the run, where it is on this machine or shared." type:"path" placeholder:"DIR"`
	Workers *int          `help:"Blocks in work at once; default: as many as cores." placeholder:"N"`
	Memory  string        `help:"Memory that the blocks in work, as predicted, and the cache may take together: 8GiB, 50% of what there is, or off; default: 80%." placeholder:"SIZE"`
	Name    string        `help:"Name of this worker, unique in the run; default: host and process."`
	Wait    time.Duration `help:"How long to wait for the run's server to come up and for the run to begin, as in 10m; default: not for a server, 10s for a run."`
	Stay    bool          `help:"Wait for the run to be started, however long that takes, and again after it has ended."`
	Level   string        `name:"log-level" help:"Least level of log lines on the terminal." enum:"debug,info,warn,error" default:"info"`
}

// AfterApply is called by kong: it refuses flags that would do nothing.
func (w *Worker) AfterApply(kctx *kong.Context) error { return NeedNATS(kctx, w.NATS) }

// Slots returns how many blocks a process works on at once: what was given, which is at least least, or by default as
// many as there are cores.
func Slots(given *int, least int) (int, error) {
	switch {
	case given == nil:
		return runtime.GOMAXPROCS(0), nil
	case *given < least || *given > MaxWorkers:
		return 0, &pipeline.InputError{Err: fmt.Errorf("--workers %d: %d to %d are possible", *given, least, MaxWorkers)}
	}
	return *given, nil
}

// Invoke works until the run has ended or ctx is cancelled.
func (w *Worker) Invoke(ctx context.Context) error {
	slots, err := Slots(w.Workers, 1)
	if err != nil {
		return err
	}
	cacheBytes, err := w.CacheBytes()
	if err != nil {
		return err
	}
	if w.Name == "" {
		w.Name = stream.ProcessName()
	}
	memory, err := pipeline.ParseMemory(w.Memory)
	if err != nil {
		return err
	}
	memory.Soften()
	began := time.Now()
	nc, err := w.reach(ctx)
	if err != nil {
		return &pipeline.InputError{Err: err}
	}
	defer nc.Close()
	level, err := console.ParseLevel(w.Level)
	if err != nil {
		return &pipeline.InputError{Err: err}
	}
	logPath := ""
	if w.State != "" {
		logPath = filepath.Join(pipeline.RunDir(w.State, w.Run), "logs", w.Name+".jsonl")
	}
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Level: level, Colour: console.Colour(os.Stderr), File: logPath})
	defer logs.Close()
	return pipeline.Work(ctx, nc, w.Run, pipeline.WorkOptions{Types: stages.Builtin(), Name: w.Name, Host: w.Here(), Slots: slots,
		Memory: memory, CacheBytes: cacheBytes, LogPath: logPath, UntilDone: !w.Stay, JoinLimit: w.joinLimit(began), Logger: logs.Logger()})
}

// joinGrace is how long a run that is not there is waited for in any case: scripts start `volara up` and `stage` at once.
const joinGrace = 10 * time.Second

// joinLimit returns for how long the run is waited for, of the time since began that Wait allows; 0: for ever.
func (w *Worker) joinLimit(began time.Time) time.Duration {
	if w.Stay {
		return 0
	}
	return max(w.Wait-time.Since(began), joinGrace).Round(time.Second)
}

// reachPeriod is how often a server is looked for that is not yet there.
const reachPeriod = 500 * time.Millisecond

// reach connects to the run's server and waits for it as long as Wait says.
func (w *Worker) reach(ctx context.Context) (*nats.Conn, error) {
	limit, cancel := context.WithTimeout(ctx, w.Wait)
	defer cancel()
	for told := false; ; told = true {
		nc, err := w.connect()
		if err == nil || limit.Err() != nil {
			return nc, err
		}
		if !told {
			fmt.Fprintf(os.Stderr, "waiting up to %v: %v\n", w.Wait, err)
		}
		select {
		case <-limit.Done():
		case <-time.After(reachPeriod):
		}
	}
}

// connect reaches the run's server by its URL, or through the state directory.
func (w *Worker) connect() (*nats.Conn, error) {
	server := pipeline.Server{StateDir: w.State, URL: w.NATS, Creds: w.Creds, CA: w.CA}
	if !server.External() && w.State == "" {
		return nil, errors.New("neither --nats URL nor --state DIR says where the run's server is")
	}
	if err := server.Check(); err != nil {
		return nil, err
	}
	return server.Connect(w.Name)
}
