package lazy

import "encoding/json"

// Operations that have fields of their own in datasets are written there as their argument alone.

// MarshalJSON writes the argument.
func (op ScaleShift) MarshalJSON() ([]byte, error) { return json.Marshal(op.Argument()) }

// MarshalJSON writes the argument.
func (op OMENorm) MarshalJSON() ([]byte, error) { return json.Marshal(op.Argument()) }

// MarshalJSON writes the argument.
func (op Channels) MarshalJSON() ([]byte, error) { return json.Marshal(op.Argument()) }

// MarshalJSON writes the argument.
func (op *LUT) MarshalJSON() ([]byte, error) { return json.Marshal(op.Argument()) }
