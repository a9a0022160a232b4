package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"volara/stream"
)

// A painter draws snapshots as lines of a terminal.
type painter struct {
	colour  bool
	unicode bool
}

const (
	styleBad  = "\x1b[31m"
	styleGood = "\x1b[32m"
	styleWarn = "\x1b[33m"
	styleDim  = "\x1b[2m"
	// styleMasked is the colour of blocks that a mask excludes: in the bar, and of their count.
	styleMasked = "\x1b[36m"
	styleOff    = "\x1b[0m"
)

func (p painter) paint(style, s string) string {
	if !p.colour || style == "" || strings.TrimSpace(s) == "" {
		return s
	}
	return style + s + styleOff
}

// The columns of a task's line, and the order in which they go when the terminal is too narrow.
const (
	colName = iota
	colBar
	colPercent
	colBlocks
	colRunning
	colRate
	colVoxels
	colETA
	colMasked
	colFaults
	columns
)

var dropOrder = []int{colVoxels, colRunning, colRate, colMasked, colBar, colBlocks, colETA}

// leastWidth keeps the bars from jumping when a number gains a digit.
var leastWidth = [columns]int{colPercent: 4, colRate: 6, colVoxels: 10, colETA: 10}

const (
	narrowBar = 8
	widestBar = 40
	longName  = 32
)

// taskLines returns one line a task, none wider than width, at most height of them: what does not fit is told on the
// last one, and tasks in work are preferred.
func (p painter) taskLines(s Snapshot, width, height int) []string {
	tasks, hidden := choose(s.Tasks, height)
	cells := make([][columns]string, len(tasks))
	var widths [columns]int
	for i, t := range tasks {
		cells[i] = taskCells(t, s)
		for c, text := range cells[i] {
			if text != "" {
				widths[c] = max(widths[c], leastWidth[c], runewidth.StringWidth(text))
			}
		}
	}
	shown, bar := layout(widths, width)
	var lines []string
	for i, t := range tasks {
		lines = append(lines, p.taskLine(t, cells[i], widths, shown, bar, width))
	}
	if hidden > 0 {
		lines = append(lines, fit(fmt.Sprintf("… and %s", Plural(int64(hidden), "task")), width))
	}
	return lines
}

// layout decides which columns are shown and how wide the bar is.
func layout(widths [columns]int, width int) (shown [columns]bool, bar int) {
	for c := range shown {
		shown[c] = widths[c] > 0
	}
	shown[colBar] = true
	widths[colBar] = narrowBar
	need := func() int {
		total := -2
		for c, s := range shown {
			if s {
				total += widths[c] + 2
			}
		}
		return total
	}
	for _, c := range dropOrder {
		if need() <= width {
			break
		}
		shown[c] = false
	}
	if shown[colBar] {
		bar = min(widestBar, narrowBar+max(0, width-need()))
	}
	return shown, bar
}

func (p painter) taskLine(t TaskSnapshot, cells [columns]string, widths [columns]int, shown [columns]bool, bar, width int) string {
	var plain, painted strings.Builder
	for c, text := range cells {
		if !shown[c] {
			continue
		}
		if plain.Len() > 0 {
			plain.WriteString("  ")
			painted.WriteString("  ")
		}
		style := ""
		switch c {
		case colBar:
			done, masked, left := p.bar(t, bar)
			plain.WriteString(done + masked + left)
			painted.WriteString(p.paint(barStyle(t), done) + p.paint(styleMasked, masked) + p.paint(barStyle(t), left))
			continue
		case colFaults:
			style = styleBad
		case colMasked:
			text, style = pad(text, widths[c], false), styleMasked
		default:
			text = pad(text, widths[c], c != colName && c != colETA)
		}
		plain.WriteString(text)
		painted.WriteString(p.paint(style, text))
	}
	if runewidth.StringWidth(plain.String()) > width {
		return fit(plain.String(), width)
	}
	return strings.TrimRight(painted.String(), " ")
}

func barStyle(t TaskSnapshot) string {
	switch {
	case t.Failed > 0 || t.Orphaned > 0:
		return styleBad
	case t.ended():
		return styleGood
	}
	return ""
}

// bar draws the shares of blocks done, of those masked, and of those left, with eighths of a character where the terminal
// can. Masked blocks have a sign of their own, so that they are told apart without colours too.
func (p painter) bar(t TaskSnapshot, width int) (done, masked, left string) {
	full := 8 * width
	eighths := full
	if t.Total > 0 {
		eighths = int(float64(t.Done) / float64(t.Total) * float64(full))
	}
	eighths = min(max(eighths, 0), full)
	signs := eighths / 8
	if !p.unicode {
		signs = eighths * (width - 2) / full
	}
	own := 0 // signs of masked blocks: one at least, if there is one for anything
	if t.Masked > 0 && t.Done > 0 {
		own = min(signs, max(1, int(float64(t.Masked)/float64(t.Done)*float64(signs))))
	}
	if !p.unicode {
		return "[" + strings.Repeat("#", signs-own), strings.Repeat("-", own), strings.Repeat(".", width-2-signs) + "]"
	}
	left = strings.Repeat("░", width-signs)
	if part := eighths % 8; part > 0 {
		left = string([]rune("▏▎▍▌▋▊▉")[part-1]) + left[len("░"):]
	}
	return strings.Repeat("█", signs-own), strings.Repeat("▒", own), left
}

// footer says how the run as a whole stands.
func (p painter) footer(s Snapshot, width int) string {
	elapsed := Duration(seconds(s.Elapsed).Truncate(time.Second))
	run := oneLine(s.Run)
	text, style := run+": "+s.State+", "+elapsed, styleDim
	switch s.State {
	case stream.StatePaused:
		text, style = fmt.Sprintf("%s: paused: %s (%s since the start)", run, oneLine(s.Reason), elapsed), styleWarn
	case stream.StateFailed, stream.StateStopped:
		style = styleBad
	case stream.StateDone:
		style = styleGood
	}
	return p.paint(style, fit(text, width))
}

// fit cuts plain text to a width in terminal columns.
func fit(s string, width int) string {
	return runewidth.Truncate(strings.TrimRight(s, " "), max(1, width), "…")
}

func seconds(s float64) time.Duration {
	const longest = 100 * 365 * 24 * time.Hour
	if s > longest.Seconds() {
		return longest
	}
	return time.Duration(s * float64(time.Second))
}
