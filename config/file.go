package config

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// file is a source text and where its lines begin.
type file struct {
	name  string
	src   []byte
	lines []int // offset of each line's first byte
}

// newFile drops a byte order mark and makes every line end with LF, as it may with CR LF or CR: the YAML library counts
// some CR LF twice.
func newFile(name string, src []byte) *file {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if bytes.IndexByte(src, '\r') >= 0 {
		src = bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	}
	f := &file{name: name, src: src, lines: []int{0}}
	for i, c := range src {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	return f
}

// line returns the text of a line (from 1) without its end.
func (f *file) line(number int) string {
	if number < 1 || number > len(f.lines) {
		return ""
	}
	text := f.src[f.lines[number-1]:]
	if number < len(f.lines) {
		text = f.src[f.lines[number-1]:f.lines[number]]
	}
	return string(bytes.TrimSuffix(text, []byte("\n")))
}

// A span is a stretch of the source: by line and column where line is set, else by byte offsets. Offsets are turned
// into columns only when an error asks, since that costs the length of the line.
type span struct {
	line, column, width int
	begin, end          int
}

// place returns the span by line and column; of one that goes over several lines, the first character.
func (f *file) place(s span) span {
	if s.line == 0 {
		begin := min(s.begin, len(f.src))
		s.line = sort.SearchInts(f.lines, begin+1)
		start := f.lines[s.line-1]
		s.column = utf8.RuneCount(f.src[start:begin]) + 1
		text := f.src[begin:max(begin, min(s.end, len(f.src)))]
		if bytes.IndexByte(text, '\n') >= 0 {
			text = text[:1]
		}
		s.width = utf8.RuneCount(text)
	}
	s.width = max(s.width, 1)
	return s
}
