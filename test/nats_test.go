package test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsConfig tells a copy of the test program to be a nats-server with that configuration file, until it is killed.
const natsConfig = "VOLARA_TEST_NATS_CONFIG"

func beNATS(config string) int {
	opts, err := server.ProcessConfigFile(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s, err := server.NewServer(opts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
	return 0
}

// A natsServer is a nats-server in a process of its own.
type natsServer struct {
	t      *testing.T
	config string // file
	name   string
	port   int
	cmd    *exec.Cmd
}

// start starts the process, which lives until it is killed or the test ends.
func (s *natsServer) start() {
	s.t.Helper()
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), natsConfig+"="+s.config)
	log, err := os.OpenFile(s.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.kill)
}

func (s *natsServer) log() string { return s.config + ".log" }

// tellLog shows what the server said in a test that failed.
func (s *natsServer) tellLog() {
	if text, err := os.ReadFile(s.log()); err == nil && s.t.Failed() {
		s.t.Logf("%s said:\n%s", s.name, text)
	}
}

func (s *natsServer) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// address returns the host and port that clients use.
func (s *natsServer) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// ready waits until the server takes connections.
func (s *natsServer) ready() {
	s.t.Helper()
	for range 1000 {
		if c, err := net.DialTimeout("tcp", s.address(), time.Second); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("the server %s does not come up", s.name)
}

// The words that the example configuration leaves to its reader.
const (
	natsToken    = "token-of-the-test"
	clusterToken = "word-of-the-cluster"
)

// exampleConfig is nats.conf filled in for the i-th of n servers on loopback: what it says must be there and work.
func exampleConfig(t *testing.T, dir string, ports []int, i int) string {
	t.Helper()
	text, err := os.ReadFile("../nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	conf := string(text)
	fill := func(old, now string) {
		t.Helper()
		if !strings.Contains(conf, old) {
			t.Fatalf("nats.conf has no %q", old)
		}
		conf = strings.ReplaceAll(conf, old, now)
	}
	n := len(ports) / 2
	fill("server_name: volara-1 ", fmt.Sprintf("server_name: volara-%d ", i+1))
	fill("listen: 0.0.0.0:4222", fmt.Sprintf("listen: 127.0.0.1:%d", ports[2*i]))
	fill("http: 127.0.0.1:8222", "http: 127.0.0.1:-1")
	fill(`"<a long random word: head -c 24 /dev/urandom | base64>"`, natsToken)
	fill("/var/lib/nats", filepath.Join(dir, fmt.Sprint("store-", i+1)))
	if n > 1 {
		conf = uncomment(t, conf, "cluster")
		fill(`sync_interval: "10s"`, "sync_interval: always")
		fill("listen: 0.0.0.0:6222", fmt.Sprintf("listen: 127.0.0.1:%d", ports[2*i+1]))
		fill("<another word>", clusterToken)
		for j := range n {
			fill(fmt.Sprintf("host-%d:6222", j+1), fmt.Sprintf("127.0.0.1:%d", ports[2*j+1]))
		}
	}
	return conf
}

// uncomment brings a block of a configuration to life.
func uncomment(t *testing.T, conf, block string) string {
	t.Helper()
	found := regexp.MustCompile(`(?ms)^# ` + block + ` \{$.*?^# \}$`).FindStringIndex(conf)
	if found == nil {
		t.Fatalf("nats.conf has no block %s", block)
	}
	lines := strings.Split(conf[found[0]:found[1]], "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimPrefix(lines[i], "#"), " ")
	}
	return conf[:found[0]] + strings.Join(lines, "\n") + conf[found[1]:]
}

// loopbackPorts returns ports of loopback that nobody listens on.
func loopbackPorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// natsServers starts n servers configured as nats.conf tells, more than one as a cluster.
func natsServers(t *testing.T, n int, edit ...func(string) string) []*natsServer {
	t.Helper()
	dir := t.TempDir()
	ports := loopbackPorts(t, 2*n)
	var servers []*natsServer
	for i := range n {
		conf := exampleConfig(t, dir, ports, i)
		for _, f := range edit {
			conf = f(conf)
		}
		s := &natsServer{t: t, name: fmt.Sprint("volara-", i+1), port: ports[2*i], config: filepath.Join(dir, fmt.Sprintf("nats-%d.conf", i+1))}
		write(t, s.config, conf)
		t.Cleanup(s.tellLog)
		s.start()
		servers = append(servers, s)
	}
	for _, s := range servers {
		s.ready()
	}
	return servers
}

// urls names the servers for programs.
func urls(servers ...*natsServer) string {
	var all []string
	for _, s := range servers {
		all = append(all, "nats://"+natsToken+"@"+s.address())
	}
	return strings.Join(all, ",")
}

// jetStream connects the test itself.
func jetStream(t *testing.T, url string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// leaderOf returns which server leads a stream of a cluster.
func leaderOf(t *testing.T, js jetstream.JetStream, stream string, servers []*natsServer) *natsServer {
	t.Helper()
	for range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		s, err := js.Stream(ctx, stream)
		cancel()
		if err == nil && s.CachedInfo().Cluster != nil {
			for _, candidate := range servers {
				if candidate.name == s.CachedInfo().Cluster.Leader {
					return candidate
				}
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nobody leads stream %s", stream)
	return nil
}
