package config

import (
	"encoding/json"
	"math"
	"time"
)

// A Duration is written as 100ms, 1.5s, 2h30m, or as a number of seconds; negative ones are refused. As JSON it is the
// string, so that what is stored reads back.
type Duration time.Duration

const durationForm = "a time such as 100ms, 1.5s or 2h, or a number of seconds"

// Std returns the duration as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes the duration as time.Duration does.
func (d Duration) String() string { return time.Duration(d).String() }

// DecodeNode implements Decoder.
func (d *Duration) DecodeNode(n *Node) error {
	var v time.Duration
	switch n.Kind() {
	case Int, Float:
		seconds, ok := n.float()
		if notFinite(n.text) {
			return n.Errorf("%s is no time: %s", n.label(), clip(n.text)).Hint("%s is needed", durationForm)
		}
		if !ok || math.Abs(seconds) > math.MaxInt64/1e9 {
			return n.Errorf("%s is too long a time", n.label())
		}
		v = time.Duration(math.Round(seconds * float64(time.Second)))
	case String:
		parsed, err := time.ParseDuration(n.text)
		if err != nil {
			return n.Errorf("%s is no time: %q", n.label(), clip(n.text)).Hint("%s is needed", durationForm)
		}
		v = parsed
	default:
		return n.Errorf("%s is %s, a time is needed", n.label(), n.Kind()).Hint("%s is needed", durationForm)
	}
	if v < 0 {
		return n.Errorf("%s is negative", n.label()).Hint("%s is needed", durationForm)
	}
	*d = Duration(v)
	return nil
}

// MarshalJSON writes the duration as a string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads what DecodeNode does.
func (d *Duration) UnmarshalJSON(data []byte) error {
	n, err := Parse("a duration", data)
	if err != nil {
		return err
	}
	return d.DecodeNode(n)
}
