package volume

import (
	"encoding/json"
	"math"
	"strconv"
)

// A Value is a number as text, exact for integers of any size. In JSON it is a number, or for floats that JSON cannot
// hold one of the strings "NaN", "Infinity" and "-Infinity", as in zarr.
type Value string

// MarshalJSON implements json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) {
	if json.Valid([]byte(v)) {
		return []byte(v), nil
	}
	return json.Marshal(string(v))
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Value) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*v = Value(text)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	*v = Value(n)
	return nil
}

// Float returns the value as the nearest float64.
func (v Value) Float() float64 {
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil && f == 0 {
		return math.NaN()
	}
	return f
}

func floatValue(f float64, bits int) Value {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return Value(strconv.FormatFloat(f, 'g', -1, bits))
}

func intValue(i int64) Value { return Value(strconv.FormatInt(i, 10)) }

func uintValue(u uint64) Value { return Value(strconv.FormatUint(u, 10)) }
