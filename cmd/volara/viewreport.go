package main

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"volara/console"
	"volara/view"
)

// A viewAddress is where a server of arrays is reached.
type viewAddress struct {
	host, port string // as others write them
	key        string // the path, with a slash at both ends
}

// addressOf returns the address of a listener that was asked for as HOST:PORT.
func addressOf(at *net.TCPAddr, listen, key string) viewAddress {
	host, _, _ := net.SplitHostPort(listen)
	if at.IP.IsUnspecified() {
		host, _ = os.Hostname()
	}
	return viewAddress{host, fmt.Sprint(at.Port), key}
}

func (a viewAddress) url() string { return "http://" + net.JoinHostPort(a.host, a.port) + a.key }

// forwarded is the address on a machine that has run ssh.
func (a viewAddress) forwarded() viewAddress { return viewAddress{"127.0.0.1", a.port, a.key} }

// ssh is the command by which another machine reaches the server at the forwarded address.
func (a viewAddress) ssh() string {
	name, err := os.Hostname()
	if err != nil {
		name = "HOST"
	}
	return fmt.Sprintf("ssh -N -L %s:%s %s", a.port, net.JoinHostPort(a.host, a.port), name)
}

// A viewReport is what view tells.
type viewReport struct {
	URL   string `json:"url"`
	Link  string `json:"link"`
	SSH   string `json:"ssh"`
	State string `json:"state"` // the viewer's, JSON
	// Forward tells that the link works behind the ssh command only, on whatever machine.
	Forward  bool              `json:"forward,omitempty"`
	Layers   []viewLayer       `json:"layers"`
	Position []view.Coordinate `json:"position"`
	Problems []string          `json:"problems,omitempty"`
}

type viewLayer struct {
	Name      string      `json:"name"`
	Kind      view.Kind   `json:"kind"`
	Path      string      `json:"path"`
	Type      string      `json:"type"`
	Axes      []view.Axis `json:"axes"`
	Levels    int         `json:"levels"`
	Converted string      `json:"converted,omitempty"`
	Table     string      `json:"lut,omitempty"`
	Notes     []string    `json:"notes,omitempty"`
}

// report gathers what is told of a scene. The link is one that browsers can follow: where pages of the viewer may not read
// from the address, it is that of the forwarded one.
func (c *viewCmd) report(scene *view.Scene, at viewAddress) (viewReport, error) {
	r := viewReport{URL: at.url(), SSH: at.ssh(), Position: scene.Middle(), Forward: !view.Reaches(c.Viewer, at.url())}
	base := at.url()
	if r.Forward {
		base = at.forwarded().url()
	}
	state, err := scene.State(base)
	if err != nil {
		return r, err
	}
	r.State, r.Link = string(state), view.Link(c.Viewer, state)
	for _, l := range scene.Layers {
		r.Layers = append(r.Layers, viewLayer{l.Name, l.Kind, l.Path, l.Type.String(), l.Axes(), l.Levels, l.Converted, l.Table, l.Notes})
	}
	for _, problem := range scene.Problems {
		r.Problems = append(r.Problems, problem.Error())
	}
	return r, nil
}

// print tells what is shown and where.
func (c *viewCmd) print(scene *view.Scene, at viewAddress) error {
	r, err := c.report(scene, at)
	if err != nil {
		return err
	}
	if c.JSON {
		return console.WriteJSON(os.Stdout, r)
	}
	if err := printLayers(scene.Layers); err != nil {
		return err
	}
	world, voxels := scene.DescribeMiddle()
	fmt.Printf("\nmiddle: %s; in the viewer, voxel %s\nserved at %s until interrupted", world, voxels, r.URL)
	if r.Forward {
		fmt.Printf("\nbrowsers do not let pages of %s read from there, but from their own machine; where the browser is, first: %s\n", c.Viewer, r.SSH)
	} else {
		fmt.Printf(" (that address leads to the viewer, too)\nfrom another machine, first: %s\n", r.SSH)
	}
	_, err = fmt.Printf("\n%s\n", r.Link)
	return err
}

// printLayers prints a table of layers, and their notes.
func printLayers(layers []*view.Layer) error {
	table := console.NewTable("layer", "kind", "voxels", "type", "voxel size (nm)", "offset (nm)", "levels", "served", "from")
	for _, l := range layers {
		size, offset := l.VoxelSize()
		served := "as stored"
		if l.Converted != "" {
			served = "converted: " + l.Converted
		}
		table.Row(l.Name, string(l.Kind), strings.Trim(fmt.Sprint(l.Shape), "[]"), l.Type.String(), size, offset, fmt.Sprint(l.Levels), served, l.Path)
	}
	if _, err := table.WriteTo(os.Stdout); err != nil {
		return err
	}
	for _, l := range layers {
		for _, note := range slices.Compact(l.Notes) {
			fmt.Printf("%s: %s\n", l.Name, note)
		}
	}
	return nil
}
