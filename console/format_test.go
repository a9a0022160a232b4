package console

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "1µs": 1200, "45ms": 45*time.Millisecond + 900*time.Microsecond, "999ms": 999 * time.Millisecond, "1s": time.Second,
		"12.3s": 12399 * time.Millisecond, "59.9s": time.Minute - 1, "1m00s": time.Minute, "3m10s": 190 * time.Second,
		"59m59s": time.Hour - 1, "1h02m": 62*time.Minute + 59*time.Second, "3d04h": 76*time.Hour + 59*time.Minute, "-2s": -2 * time.Second,
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: %s, want %s", time.Duration(d), got, want)
		}
	}
}

func TestQuantities(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Bytes(0), "0 B"}, {Bytes(1536), "1.5 KiB"}, {Bytes(-1 << 30), "-1.0 GiB"},
		{Count(0), "0"}, {Count(-1234567), "-1,234,567"}, {Plural(1, "block"), "1 block"}, {Plural(1000, "block"), "1,000 blocks"},
		{SI(0, "vox/s"), "0 vox/s"}, {SI(3.2e6, "vox/s"), "3.20 Mvox/s"}, {SI(999.4, "B"), "999 B"}, {SI(45.67e9, "B"), "45.7 GB"},
		{SI(math.Inf(1), "B"), "0 B"}, {SI(math.NaN(), "B"), "0 B"},
		{BlockRate(0), ""}, {BlockRate(math.NaN()), ""}, {BlockRate(12345), "12,345/s"}, {BlockRate(12.34), "12.3/s"}, {BlockRate(0.5), "0.50/s"},
		{BlockRate(0.05), "3.00/min"}, {BlockRate(0.001), "3.60/h"},
		{percent(0, 0), "100%"}, {percent(9999, 10000), "99%"}, {percent(3, 3), "100%"}, {percent(math.MaxInt64/2, math.MaxInt64), "50%"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	table := NewTable("task", ">blocks", "note", ">nothing")
	table.Row("relabel", "1,234", "fine")
	table.Row("Größe 界", "5")
	table.Row("bad\x1b[31m\nname", "", "x")
	var b strings.Builder
	n, err := table.WriteTo(&b)
	want := `task           blocks  note
relabel         1,234  fine
Größe 界            5
bad [31m name          x
`
	if b.String() != want || err != nil || int(n) != len(want) {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
	b.Reset()
	_, _ = NewTable("only", "a header").WriteTo(&b)
	if b.String() != "only  a header\n" {
		t.Errorf("a table without rows: %q", b.String())
	}
}
