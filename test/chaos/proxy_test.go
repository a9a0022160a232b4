package chaos

import (
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// A proxy is the network between a stage and the server. It can stall (bytes wait, as while packets are lost), in one
// direction or both, and cut: connections are reset and new ones refused.
type proxy struct {
	listener net.Listener
	where    func() (string, error) // URL of the server, asked at every new connection

	mu    sync.Mutex
	free  *sync.Cond // told when something changes
	state network
	conns map[net.Conn]struct{}
}

// A network is what a proxy does to the bytes of each direction.
type network struct {
	upStalls, downStalls bool // stage to server, server to stage
	cut                  bool
	delay                time.Duration
}

// newProxy starts a proxy of the round.
func newProxy(r *round) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	p := &proxy{listener: l, where: r.where, conns: map[net.Conn]struct{}{}}
	p.free = sync.NewCond(&p.mu)
	var serving sync.WaitGroup
	serving.Go(func() { p.serve(&serving) })
	r.Cleanup(func() {
		l.Close()
		p.set(network{cut: true})
		serving.Wait()
	})
	return p
}

// where returns the URL of the round's server, or of the first of a cluster.
func (r *round) where() (string, error) {
	if r.server != "" {
		first, _, _ := strings.Cut(r.server, ",")
		return first, nil
	}
	text, err := os.ReadFile(r.url())
	return strings.TrimSpace(string(text)), err
}

func (p *proxy) url() string { return "nats://" + p.listener.Addr().String() }

// set changes the network. Cutting resets what is connected.
func (p *proxy) set(n network) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = n
	if n.cut {
		p.reset()
	}
	p.free.Broadcast()
}

// heal makes the network whole again; with reset, connections do not survive.
func (p *proxy) heal(reset bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if reset {
		p.reset()
	}
	p.state = network{}
	p.free.Broadcast()
}

func (p *proxy) reset() {
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		c.Close()
		delete(p.conns, c)
	}
}

func (p *proxy) serve(serving *sync.WaitGroup) {
	for {
		stage, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := p.dial()
		if err != nil || !p.add(stage, server) {
			stage.Close()
			continue
		}
		serving.Go(func() { p.pump(server, stage, func(n network) bool { return n.upStalls }) })
		serving.Go(func() { p.pump(stage, server, func(n network) bool { return n.downStalls }) })
	}
}

func (p *proxy) dial() (net.Conn, error) {
	text, err := p.where()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	return net.DialTimeout("tcp", u.Host, time.Second)
}

// add takes in a pair of connections, unless the network is cut.
func (p *proxy) add(pair ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.cut {
		for _, c := range pair {
			c.Close()
		}
		return false
	}
	for _, c := range pair {
		p.conns[c] = struct{}{}
	}
	return true
}

// pump carries bytes until one side ends, then ends both.
func (p *proxy) pump(to, from net.Conn, stalls func(network) bool) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range []net.Conn{to, from} {
			c.Close()
			delete(p.conns, c)
		}
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if p.pass(from, stalls) {
			if _, e := to.Write(buf[:n]); e != nil {
				return
			}
		}
		if err != nil && !errors.Is(err, io.EOF) || err != nil {
			return
		}
	}
}

// pass waits until bytes of a connection may go on; false when the connection is reset.
func (p *proxy) pass(from net.Conn, stalls func(network) bool) bool {
	p.mu.Lock()
	delay := p.state.delay
	p.mu.Unlock()
	time.Sleep(delay)
	p.mu.Lock()
	defer p.mu.Unlock()
	for stalls(p.state) {
		if _, there := p.conns[from]; !there {
			return false
		}
		p.free.Wait()
	}
	_, there := p.conns[from]
	return there
}
