package stages

import (
	"encoding/json"

	"volara/config"
)

// A Weight turns an edge attribute into a score: Factor·attribute + Bias.
type Weight struct {
	Attr         string
	Factor, Bias float64
}

// Weights are written {attribute: [factor, bias], …}; their order breaks ties.
type Weights []Weight

// DecodeNode reads the mapping.
func (w *Weights) DecodeNode(n *config.Node) error {
	if n.Kind() != config.Map {
		return n.Errorf("weights is %v, a mapping {attribute: [weight, bias]} is needed", n.Kind())
	}
	*w = nil
	for attr, value := range n.Fields() {
		var pair [2]float64
		if err := value.Decode(&pair); err != nil {
			return err
		}
		*w = append(*w, Weight{attr, pair[0], pair[1]})
	}
	return nil
}

// MarshalJSON writes what DecodeNode reads.
func (w Weights) MarshalJSON() ([]byte, error) {
	out := []byte("{")
	for i, weight := range w {
		name, err := json.Marshal(weight.Attr)
		if err != nil {
			return nil, err
		}
		pair, err := json.Marshal([2]float64{weight.Factor, weight.Bias})
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), pair...)
	}
	return append(out, '}'), nil
}
