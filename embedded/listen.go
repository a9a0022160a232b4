package embedded

import (
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

// listenAddress resolves Options.Listen; the port is −1 for any free one, as nats-server has it.
func listenAddress(opts Options) (host string, port int, err error) {
	listen := opts.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, service, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q is not HOST:PORT: %w", listen, err)
	}
	if port, err = strconv.Atoi(service); err != nil || port < 0 || port > math.MaxUint16 {
		return "", 0, fmt.Errorf("listen address %q: %q is no port", listen, service)
	}
	if opts.NoAuth && !loopback(host) {
		return "", 0, fmt.Errorf("listen address %q can be reached from other hosts: that needs authentication", listen)
	}
	// nats-server would only log that the port is taken.
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen on %s: %w; choose another port, or 0 for any free one", listen, err)
	}
	if err := l.Close(); err != nil {
		return "", 0, fmt.Errorf("listen on %s: %w", listen, err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if host == "" {
		host = "0.0.0.0"
	}
	return host, port, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// reachable puts the host's name into an address that means every address of this host.
func reachable(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	ip := net.ParseIP(u.Hostname())
	name, err := os.Hostname()
	if ip == nil || !ip.IsUnspecified() || err != nil {
		return address
	}
	u.Host = net.JoinHostPort(name, u.Port())
	return u.String()
}
