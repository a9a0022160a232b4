package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// checkNotEmpty refuses arguments without a value: whoever writes --roi "$ROI" with nothing in ROI does not mean
// everything. An empty variable of the environment is one that is not set.
func checkNotEmpty(args []string) error {
	for i, arg := range args {
		flag, value, assigned := strings.Cut(arg, "=")
		switch {
		case arg == "" && i > 0 && strings.HasPrefix(args[i-1], "-"):
			flag = args[i-1]
		case arg == "":
			return fmt.Errorf("argument %d is empty; is a variable of the shell not set? (the current directory is called .)", i+1)
		case !assigned || value != "" || !strings.HasPrefix(flag, "-"):
			continue
		}
		return fmt.Errorf("%s: the value is empty; leave the flag out if nothing is meant (is a variable of the shell not set? the current directory is called .)", flag)
	}
	return nil
}

// NeedNATS refuses flags given on the command line that say how to reach an external server, where url names none. In
// the environment they are for whoever needs them.
func NeedNATS(kctx *kong.Context, url string) error {
	if url != "" {
		return nil
	}
	for _, step := range kctx.Path {
		if step.Flag != nil && (step.Flag.Name == "creds" || step.Flag.Name == "ca") {
			return fmt.Errorf("--%s is for an external server; name it with --nats", step.Flag.Name)
		}
	}
	return nil
}
