package cli

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"volara/console"
	"volara/embedded"
	"volara/pipeline"
	"volara/stages"
)

// MaxWorkers is the largest number of blocks in work at once in one process; each takes a connection and a journal.
const MaxWorkers = 1024

// Worker is the command that processes blocks of a run that another process tracks.
type Worker struct {
	NATS    string        `name:"nats" help:"URL of the run's server, nats://[TOKEN@]HOST:PORT; found through --state when left out." env:"NATS_URL"`
	Run     string        `name:"run" required:"" help:"Name of the run."`
	State   string        `help:"State directory of the run, where it is on this machine or shared." type:"path" placeholder:"DIR"`
	Workers int           `help:"Blocks in work at once; default: as many as cores." placeholder:"N"`
	Cache   int64         `help:"MiB of decoded chunks to keep for neighbouring blocks." default:"256"`
	Name    string        `help:"Name of this worker, unique in the run; default: host and process."`
	Wait    time.Duration `help:"How long to wait for the run's server to come up, as in 10m; default: not at all."`
	Stay    bool          `help:"Wait for the run to be started again after it has ended."`
	Level   string        `name:"log-level" help:"Least level of log lines on the terminal." enum:"debug,info,warn,error" default:"info"`
}

// Invoke works until the run has ended or ctx is cancelled.
func (w *Worker) Invoke(ctx context.Context) error {
	if w.Workers < 0 || w.Workers > MaxWorkers {
		return &pipeline.InputError{Err: fmt.Errorf("--workers %d: 1 to %d are possible", w.Workers, MaxWorkers)}
	}
	if w.Workers == 0 {
		w.Workers = runtime.GOMAXPROCS(0)
	}
	if w.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "worker"
		}
		w.Name = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
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
	return pipeline.Work(ctx, nc, w.Run, pipeline.WorkOptions{Types: stages.Builtin(), Name: w.Name, Slots: w.Workers,
		CacheBytes: int(w.Cache << 20), LogPath: logPath, UntilDone: !w.Stay, Logger: logs.Logger()})
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
	if w.NATS == "" {
		if w.State == "" {
			return nil, fmt.Errorf("neither --nats URL nor --state DIR says where the run's server is")
		}
		return embedded.Connect(filepath.Join(w.State, "nats"), w.Name)
	}
	options := []nats.Option{nats.Name(w.Name), nats.MaxReconnects(-1)}
	if w.State != "" {
		if token, err := os.ReadFile(filepath.Join(w.State, "nats", "token")); err == nil {
			options = append(options, nats.Token(strings.TrimSpace(string(token))))
		}
	}
	nc, err := nats.Connect(w.NATS, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w (is `volara up` running, with --listen for other machines? its token is in the state directory: --state DIR or nats://TOKEN@HOST:PORT)", redacted(w.NATS), err)
	}
	return nc, nil
}

// redacted leaves a token or password out of a URL.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	return u.Scheme + "://…@" + u.Host
}
