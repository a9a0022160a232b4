package lazy

import (
	"regexp"
	"strings"

	"volara/config"
)

// ParseOps reads operations as a command line has them; see ParseOp.
func ParseOps(list []string) (Ops, error) {
	var errs []error
	ops := make(Ops, 0, len(list))
	for _, text := range list {
		op, err := ParseOp(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ops = append(ops, op)
	}
	return ops, config.Join(errs...)
}

var assigned = regexp.MustCompile(`^\s*([a-z_]+)\s*=\s*(.*?)\s*$`)

// ParseOp reads one operation as a file has it (`clip: [0, 1]`, `invert`) or as name=argument, where a list needs no
// brackets and a path or a slice no quotes: clip=0,1, lut=final.npz, slice=0:10,:,::2.
func ParseOp(text string) (Op, error) {
	if m := assigned.FindStringSubmatch(text); m != nil {
		text = m[1] + ": " + quoted(m[1], m[2])
	}
	root, err := config.Parse("operation", []byte(text))
	if err != nil {
		return nil, err
	}
	return DecodeOp(root)
}

// quoted makes YAML of an argument that is written without brackets or quotes.
func quoted(name, arg string) string {
	switch {
	case arg == "" || strings.ContainsAny(arg[:1], `[{"'`):
		return arg
	case name == "slice" || name == "stack" || name == "lut" || name == "ome_norm" && arg != "true":
		return "'" + strings.ReplaceAll(arg, "'", "''") + "'"
	case strings.Contains(arg, ",") || name == "flip":
		return "[" + arg + "]"
	}
	return arg
}
