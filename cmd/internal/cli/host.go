package cli

import "volara/stream"

// Host says where the program runs, when the kernel cannot be asked.
type Host struct {
	Name string `name:"host" hidden:"" env:"VOLARA_HOST" help:"What this host is called: processes that share files, locks and memory, and only these, have one name. Default: that of the running kernel."`
}

// Here returns the host that is meant.
func (h Host) Here() stream.Host {
	if h.Name == "" {
		return stream.ThisHost()
	}
	return stream.NamedHost(h.Name)
}
