package chaos

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// beServer tells a copy of the test program to be a nats-server with that configuration file.
const beServer = "VOLARA_CHAOS_SERVER"

// serveNATS is a nats-server; it returns when the server has ended.
func serveNATS(config string) error {
	options, err := server.ProcessConfigFile(config)
	if err != nil {
		return err
	}
	s, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
	return nil
}

// A cluster is the external server of a round, or several that form a cluster.
type cluster struct {
	*round
	ports, routes []int
	nodes         []*process
}

// cluster starts n servers, which the round's programs use from now on.
func (r *round) cluster(n int) *cluster {
	c := &cluster{round: r, nodes: make([]*process, n)}
	ports := freePorts(r, 2*n)
	c.ports, c.routes = ports[:n], ports[n:]
	var urls []string
	for i := range n {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", c.ports[i]))
		c.startNode(i)
	}
	for i := range n {
		c.ready(i)
	}
	r.server, r.replicas = strings.Join(urls, ","), n
	return c
}

// startNode starts a server, or starts it again on what it has stored.
func (c *cluster) startNode(i int) {
	var text strings.Builder
	fmt.Fprintf(&text, "server_name: node-%d\nlisten: 127.0.0.1:%d\njetstream { store_dir: %q, sync_interval: always }\n",
		i, c.ports[i], filepath.Join(c.dir, fmt.Sprint("store-", i)))
	if len(c.ports) > 1 {
		var routes []string
		for _, port := range c.routes {
			routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", port))
		}
		fmt.Fprintf(&text, "cluster { name: chaos, listen: 127.0.0.1:%d, routes: [%s] }\n", c.routes[i], strings.Join(routes, ", "))
	}
	config := filepath.Join(c.dir, fmt.Sprintf("node-%d.conf", i))
	if err := os.WriteFile(config, []byte(text.String()), 0o644); err != nil {
		c.Fatal(err)
	}
	c.nodes[i] = c.launch(fmt.Sprint("node-", i), []string{beServer + "=" + config}, os.Args[0])
	c.nodes[i].server = true
}

// ready waits until a server takes connections.
func (c *cluster) ready(i int) {
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.ports[i])); err == nil {
			conn.Close()
			return
		}
	}
	c.Fatalf("node %d does not come up\n%s", i, c.nodes[i].said())
}

// freePorts returns ports of loopback that nobody listens on.
func freePorts(r *round, n int) []int {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			r.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// serversKilled kills servers of a cluster, one at a time, and starts them again.
func serversKilled(w workload, n int) scenario {
	return scenario{fmt.Sprintf("servers of a cluster of %d are killed under %s", n, w.run), func(r *round) {
		r.prepare(w)
		c := r.cluster(n)
		up := r.lead()
		r.stage(points(slowly))
		r.stage(points(slowly))
		for range 2 {
			r.sleep(200*time.Millisecond, 900*time.Millisecond)
			i := r.rng.IntN(n)
			c.nodes[i].kill()
			r.sleep(100*time.Millisecond, 2*time.Second)
			c.startNode(i)
			c.ready(i)
		}
		r.resume(up, func() *process { return r.lead() })
		r.verdict()
	}}
}

// leaderReplaced kills or stops a leader while another `up` stands by. One that was stopped wakes up to find itself
// replaced, and says that it has not done its work.
func leaderReplaced(w workload, sleeps bool) scenario {
	return scenario{fmt.Sprintf("the leader of %s is replaced by a standby; it sleeps: %v", w.run, sleeps), func(r *round) {
		r.prepare(w)
		r.cluster(1)
		stand := func() *process { return r.up(points(slowly), "--workers", "1") }
		first := stand()
		r.sleep(200*time.Millisecond, 600*time.Millisecond)
		second := stand()
		r.sleep(100*time.Millisecond, 500*time.Millisecond)
		if !sleeps {
			first.kill()
			r.resume(second, stand)
			r.verdict()
			return
		}
		first.pause()
		r.sleep(7*time.Second, 9*time.Second)
		first.wake()
		if status := first.ends(upLimit); status > 1 {
			r.Errorf("a leader that was replaced ended with status %d\n%s", status, first.said())
		}
		r.resume(second, stand)
		r.verdict()
	}}
}
