package console

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Bytes writes a number of bytes in binary units: 1.5 GiB.
func Bytes(n int64) string {
	if n < 0 {
		return "-" + humanize.IBytes(uint64(-n))
	}
	return humanize.IBytes(uint64(n))
}

// Count writes a whole number with separators: 1,234,567.
func Count(n int64) string { return humanize.Comma(n) }

// Plural writes a count with its noun: 1 block, 1,234 blocks.
func Plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// SI writes a quantity with a prefix and three digits: SI(3.2e6, "vox/s") is 3.20 Mvox/s.
func SI(v float64, unit string) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return "0 " + unit
	}
	scaled, prefix := humanize.ComputeSI(v)
	return threeDigits(scaled) + " " + prefix + unit
}

// threeDigits writes 1.23, 12.3, 123.
func threeDigits(v float64) string {
	switch a := math.Abs(v); {
	case a < 9.995:
		return fmt.Sprintf("%.2f", v)
	case a < 99.95:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// BlockRate writes blocks a second, or a minute or hour where that is easier to read.
func BlockRate(perSecond float64) string {
	switch {
	case perSecond <= 0 || math.IsNaN(perSecond) || math.IsInf(perSecond, 0):
		return ""
	case perSecond >= 1000:
		return Count(int64(perSecond)) + "/s"
	case perSecond >= 0.1:
		return threeDigits(perSecond) + "/s"
	case perSecond*60 >= 0.1:
		return threeDigits(perSecond*60) + "/min"
	}
	return threeDigits(perSecond*3600) + "/h"
}

// Duration writes a time in its two leading units: 45ms, 12.3s, 3m10s, 1h02m, 3d04h.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d == 0:
		return "0s"
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", math.Floor(d.Seconds()*10)/10), ".0") + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
}

// percent writes a share, rounded down so that 100% means all.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "100%"
	}
	return fmt.Sprintf("%d%%", int64(float64(part)/float64(whole)*100))
}
