package console

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// A Table is text in columns. Words are aligned left, columns that the header marks with a leading '>' right.
//
//	t := console.NewTable("task", ">blocks")
//	t.Row("relabel", console.Count(4096))
//	t.WriteTo(os.Stdout)
type Table struct {
	right []bool
	rows  [][]string
}

// NewTable starts a table with a header line.
func NewTable(header ...string) *Table {
	t := &Table{}
	for i, h := range header {
		t.right = append(t.right, strings.HasPrefix(h, ">"))
		header[i] = strings.TrimPrefix(h, ">")
	}
	t.Row(header...)
	return t
}

// Row adds a line; missing cells are blank. It panics when there are more than the header has.
func (t *Table) Row(cells ...string) {
	row := make([]string, len(t.right))
	for i, c := range cells {
		row[i] = oneLine(c)
	}
	t.rows = append(t.rows, row)
}

// WriteTo writes the table: columns as wide as their widest cell, two blanks between them, none at the end of a line.
// A column that is blank below its header is left out.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	widths := make([]int, len(t.right))
	used := make([]bool, len(t.right))
	for r, row := range t.rows {
		for i, c := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(c))
			used[i] = used[i] || c != "" && r > 0
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		for i, c := range row {
			if !used[i] && len(t.rows) > 1 {
				continue
			}
			if line.Len() > 0 {
				line.WriteString("  ")
			}
			line.WriteString(pad(c, widths[i], t.right[i]))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// pad fills s with blanks to a width in terminal columns.
func pad(s string, width int, right bool) string {
	blank := strings.Repeat(" ", max(0, width-runewidth.StringWidth(s)))
	if right {
		return blank + s
	}
	return s + blank
}

// oneLine replaces what would break a line or a terminal: control characters, escapes among them, become blanks.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s))
}

// WriteJSON writes v indented, with a line's end: the JSON variant of every table.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
