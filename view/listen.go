package view

import (
	"fmt"
	"net"
)

// Listen opens the address HOST:PORT; port 0 is any free one. There is no authentication: unless public is set, the host
// must be one that only this machine reaches. hosts are the names that requests may use then (Options.Hosts).
func Listen(address string, public bool) (l net.Listener, hosts []string, err error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, fmt.Errorf("%q is not HOST:PORT: %w", address, err)
	}
	if host == "" {
		return nil, nil, fmt.Errorf("%q names no host: 127.0.0.1%s for this machine only, 0.0.0.0%s for whoever reaches it", address, address, address)
	}
	if !isLoopback(host) && !public {
		return nil, nil, fmt.Errorf("%s can be reached from other machines, and whoever reaches it may read; say so with --public, or reach 127.0.0.1 through ssh -L", host)
	}
	if l, err = net.Listen("tcp", address); err != nil {
		return nil, nil, fmt.Errorf("%w; choose another port, or 0 for any free one", err)
	}
	return l, HostsOf(address), nil
}

// HostsOf returns the names that requests may use of a server at HOST:PORT; nil, any, where other machines reach it.
func HostsOf(address string) []string {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !isLoopback(host) {
		return nil
	}
	return []string{host, "localhost", "127.0.0.1", "::1"}
}
