package console

import (
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// screen is what a terminal of unbounded height shows after the output: it knows line feeds, carriage returns, cursor
// up, erase below, and colours, which it drops.
func screen(output string) string {
	lines, row, column := [][]rune{{}}, 0, 0
	escape := regexp.MustCompile(`^\x1b\[([0-9;]*)([A-Za-z])`)
	for output != "" {
		if m := escape.FindStringSubmatch(output); m != nil {
			output = output[len(m[0]):]
			switch n, _ := strconv.Atoi(m[1]); m[2] {
			case "A":
				row = max(0, row-n)
			case "J":
				lines = append(lines[:row], lines[row][:min(column, len(lines[row]))])
			}
			continue
		}
		r := []rune(output)[0]
		output = output[len(string(r)):]
		switch r {
		case '\r':
			column = 0
		case '\n':
			if row++; row == len(lines) {
				lines = append(lines, nil)
			}
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = r
			column++
		}
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(string(l), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// openTerminal returns a pseudo-terminal and a function that closes it and returns what was written to it.
func openTerminal(t *testing.T, columns, rows uint16) (*os.File, func() string) {
	t.Helper()
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	written := make(chan string)
	go func() {
		var b strings.Builder
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			b.Write(buf[:n])
			if err != nil { // the terminal was closed
				written <- b.String()
				return
			}
		}
	}()
	return terminal, func() string {
		_ = terminal.Close()
		out := <-written
		_ = master.Close()
		return out
	}
}

// On a terminal the bars stay at the bottom, are drawn once in the end, and log lines scroll above them unbroken.
func TestBarsOnATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("NO_COLOR", "")
	terminal, output := openTerminal(t, 80, 24)
	if !Colour(terminal) {
		t.Error("a terminal is not coloured")
	}
	f := twoTasks()
	p := NewProgress(ProgressOptions{Out: terminal, Log: terminal, Now: f.clock})
	if p.Mode() != ModeTTY {
		t.Fatalf("the mode is %s", p.Mode())
	}
	logs := NewLog(LogOptions{Terminal: p.LogWriter()})
	logs.Logger().Info("before the first frame")
	logs.queues[0].drain(t)
	for i, s := range f.frames {
		f.now = start.Add(time.Duration(i) * time.Second)
		p.Update(s)
		logs.Logger().Info("block done", "block", i)
		logs.queues[0].drain(t)
	}
	p.Close()
	logs.Logger().Info("after the end")
	logs.Close()
	raw := output()
	if !strings.Contains(raw, "\x1b[33m") || !strings.Contains(raw, "paused: the disk of /data is full") {
		t.Error("the pause was not shown")
	}
	got := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d`).ReplaceAllString(screen(raw), "TIME")
	want := "TIME INF before the first frame\n"
	for i := range f.frames {
		want += fmt.Sprintf("TIME INF block done block=%d\n", i)
	}
	want += `frags    █████████████████████████████▋   99%  99/100  ended in 13s  1 failed
relabel  ███████████████████████████░░░   90%  90/100  ended in 12s  10 orphaned
segment: failed, 13s
TIME INF after the end
`
	if got != want {
		t.Errorf("the screen is\n%s\nwant\n%s", got, want)
	}
}

// A terminal that goes away takes nothing with it.
func TestTerminalGone(t *testing.T) {
	t.Setenv("TERM", "xterm")
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	f := twoTasks()
	p := NewProgress(ProgressOptions{Out: terminal, Log: terminal, Now: f.clock})
	p.Update(f.frames[0])
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	logs := NewLog(LogOptions{Terminal: p.LogWriter()})
	for _, s := range f.frames {
		p.Update(s)
		logs.Logger().Info("line")
	}
	p.Close()
	logs.Close()
	if took := time.Since(begin); took > 4*patience {
		t.Errorf("it took %v", took)
	}
}

func TestModes(t *testing.T) {
	var b strings.Builder
	if got := ModeAuto.resolve(&b); got != ModePlain {
		t.Errorf("auto without a terminal is %s", got)
	}
	terminal, output := openTerminal(t, 80, 24)
	defer output()
	t.Setenv("TERM", "dumb")
	if got := Mode("").resolve(terminal); got != ModePlain {
		t.Errorf("auto on a dumb terminal is %s", got)
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	if Colour(terminal) {
		t.Error("NO_COLOR is not honoured")
	}
	if got := termHeight(terminal); got != 24 {
		t.Errorf("height %d", got)
	}
	// Bars on one terminal, logs redirected to a file: the file gets them.
	p := NewProgress(ProgressOptions{Out: terminal, Log: &b})
	slog.New(slog.NewTextHandler(p.LogWriter(), nil)).Info("hello")
	if !strings.Contains(b.String(), "hello") {
		t.Error("redirected logs went to the terminal")
	}
}
