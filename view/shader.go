package view

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// palette are the colours of an image's channels that name none, in their order.
var palette = []string{"FF0000", "00FF00", "0000FF", "FF00FF", "00FFFF", "FFFF00"}

var hexColour = regexp.MustCompile(`^[0-9A-Fa-f]{6}$`)

// shader returns the program that turns an image's or the affinities' values into colours, "" for labels, and the values of
// its controls.
func (l *Layer) shader() (program string, controls ordered) {
	switch {
	case l.Kind == Labels:
		return "", nil
	case l.Kind == Affinities:
		return l.affinityShader(), nil
	case l.channels() == 1:
		r := l.ranges[0]
		return "#uicontrol invlerp normalized\nvoid main() {\n  emitGrayscale(normalized());\n}\n",
			ordered{{"normalized", ordered{{"range", l.interval(r)}, {"window", l.wider(r)}}}}
	}
	return l.channelShader()
}

// interval is a range as a control takes it: of whole numbers in the case of whole numbers, within what the type can hold.
func (l *Layer) interval(r Range) []float64 {
	shown, err := viewerType(l.Type, l.Kind)
	if err != nil || shown.IsFloat() {
		return []float64{r.Low, r.High}
	}
	full := fullRange(shown)
	within := func(v float64) float64 { return min(max(math.Round(v), full.Low), full.High) }
	return []float64{within(r.Low), within(r.High)}
}

// wider is what the control of a range shows around it.
func (l *Layer) wider(r Range) []float64 {
	if l.Type.Size() == 1 {
		return l.interval(fullRange(l.Type))
	}
	margin := math.Abs(r.High-r.Low) / 4
	return l.interval(Range{min(r.Low, r.High) - margin, max(r.Low, r.High) + margin})
}

// value is the shader's expression for the value of the k-th channel: the first channel axis is walked along, others are
// shown at their first position.
func (l *Layer) value(k int) string { return fmt.Sprintf("getDataValue(%s)", l.position(k)) }

func (l *Layer) position(k int) string {
	var at []string
	for _, a := range l.axes {
		if strings.HasSuffix(a.name, "^") {
			at = append(at, strconv.Itoa(k))
			k = 0
		}
	}
	return strings.Join(at, ",")
}

// shown returns the number of channels along the first channel axis, and how far they are apart in l.ranges.
func (l *Layer) shown() (n, apart int) {
	n, apart = 1, 1
	first := true
	for _, a := range l.axes {
		switch {
		case !strings.HasSuffix(a.name, "^"):
		case first:
			n, first = a.size, false
		default:
			apart *= a.size
		}
	}
	return n, apart
}

// affinityShader shows the first three channels as red, green and blue: floats as they are, whole numbers by what their
// type can hold.
func (l *Layer) affinityShader() string {
	n, _ := l.shown()
	var parts []string
	for k := range 3 {
		part := "0.0"
		if k < n {
			part = fmt.Sprintf("toNormalized(%s)", l.value(k))
		}
		parts = append(parts, part)
	}
	if n == 1 {
		return fmt.Sprintf("void main() {\n  emitGrayscale(%s);\n}\n", parts[0])
	}
	return fmt.Sprintf("void main() {\n  emitRGB(vec3(%s,\n               %s,\n               %s));\n}\n", parts[0], parts[1], parts[2])
}

// mostMixed is how many channels of an image are shown at once when nothing says which.
const mostMixed = 4

// channelShader adds up the channels, each in its colour, with a control for its range, its colour, and whether it shows.
func (l *Layer) channelShader() (string, ordered) {
	var head, sum strings.Builder
	var controls ordered
	n, apart := l.shown()
	for k := range n {
		c, r := l.channel(k), l.ranges[k*apart]
		fmt.Fprintf(&head, "#uicontrol invlerp range%d(channel=[%s])\n#uicontrol vec3 colour%d color(default=\"#%s\")\n#uicontrol bool show%d checkbox(default=%v)\n",
			k, l.position(k), k, c.Colour, k, !c.Hidden)
		fmt.Fprintf(&sum, "  if (show%d) colour += range%d() * colour%d;\n", k, k, k)
		controls = append(controls, field{fmt.Sprintf("range%d", k), ordered{{"range", l.interval(r)}, {"window", l.wider(r)}}})
	}
	return fmt.Sprintf("%svoid main() {\n  vec3 colour = vec3(0.0);\n%s  emitRGB(colour);\n}\n", head.String(), sum.String()), controls
}

// channel returns how the k-th channel is displayed.
func (l *Layer) channel(k int) Channel {
	var c Channel
	if k < len(l.dataset.Channels) {
		c = l.dataset.Channels[k]
	} else {
		c.Hidden = k >= mostMixed
	}
	if !hexColour.MatchString(c.Colour) {
		c.Colour = palette[k%len(palette)]
	}
	return c
}
