package console

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// A Mode says how progress is shown.
type Mode string

// The modes of --progress.
const (
	ModeAuto  Mode = "auto"  // tty on a terminal, else plain
	ModeTTY   Mode = "tty"   // bars that are redrawn in place
	ModePlain Mode = "plain" // a line per task every few seconds when something changed
	ModeJSON  Mode = "json"  // a Snapshot a line, once a second
	ModeOff   Mode = "off"   // nothing
)

// Choices lists the modes.
func (Mode) Choices() []string {
	return []string{string(ModeAuto), string(ModeTTY), string(ModePlain), string(ModeJSON), string(ModeOff)}
}

// resolve turns auto into what suits the output.
func (m Mode) resolve(out io.Writer) Mode {
	if m != ModeAuto && m != "" {
		return m
	}
	if IsTerminal(out) {
		return ModeTTY
	}
	return ModePlain
}

// IsTerminal reports whether w is a terminal on which the cursor can be moved.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Colour reports whether text for w may be coloured: it is a terminal and the user has not set NO_COLOR
// (https://no-color.org).
func Colour(w io.Writer) bool { return IsTerminal(w) && os.Getenv("NO_COLOR") == "" }

// unicodeLocale reports whether the terminal's locale is UTF-8, so that it shows block characters.
func unicodeLocale() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// termHeight returns the number of lines of w, 24 when it is no terminal.
func termHeight(w io.Writer) int {
	if f, ok := w.(interface{ Fd() uintptr }); ok {
		if _, height, err := term.GetSize(int(f.Fd())); err == nil && height > 0 {
			return height
		}
	}
	return 24
}
