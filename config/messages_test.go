package config_test

import (
	"strings"
	"testing"

	"volara/config"
	"volara/geometry"
)

type fit string

func (fit) Choices() []string { return []string{"valid", "overhang", "shrink"} }

// A source is a dataset: the name of one, or its fields.
type source struct {
	Name   string
	Fields dataset
}

func (s *source) DecodeNode(n *config.Node) error {
	if n.Kind() == config.String {
		s.Name = n.Text()
		return nil
	}
	return n.Decode(&s.Fields)
}

type dataset struct {
	Store     string              `yaml:"store,required"`
	VoxelSize geometry.Coordinate `yaml:"voxel_size"`
	Channels  any                 `yaml:"channels"`
}

type common struct {
	TaskType   string        `yaml:"task_type,required"`
	Roi        *geometry.Roi `yaml:"roi"`
	NumWorkers *int          `yaml:"num_workers"`
	Fit        fit           `yaml:"fit"`
}

type frags struct {
	Node            *config.Node          `yaml:",node"`
	Affs            source                `yaml:"affs_data,required"`
	BlockSize       geometry.Coordinate   `yaml:"block_size,required"`
	Bias            []float64             `yaml:"bias"`
	Weights         map[string][2]float64 `yaml:"weights"`
	FilterFragments float64               `yaml:"filter_fragments"`
	RemoveDebris    uint16                `yaml:"remove_debris"`
	Randomized      bool                  `yaml:"randomized_strides"`
	Timeout         config.Duration       `yaml:"timeout"`
}

// messages decodes a file whose root is an extract-frags task and returns the text of what is wrong.
func messages(src string) string {
	n, err := config.Parse("p.yaml", []byte(src))
	if err == nil {
		err = n.Describe("extract-frags").Decode(&common{}, &frags{})
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

const good = "task_type: extract-frags\naffs_data: a\nblock_size: [64]\n"

func TestMessages(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"nothing", good, ""},
		{"unknown field", good + "bais: [1]\n", `
p.yaml:4:1: unknown field "bais" in extract-frags
    4 | bais: [1]
      | ^^^^ did you mean "bias"?`},
		{"unknown field, other separator", good + "Filter-Fragments: 1\n", `
p.yaml:4:1: unknown field "Filter-Fragments" in extract-frags
    4 | Filter-Fragments: 1
      | ^^^^^^^^^^^^^^^^ did you mean "filter_fragments"?`},
		{"unknown field far from all, nested", "task_type: a\nblock_size: [1]\naffs_data:\n  store: x\n  zebra: 1\n", `
p.yaml:5:3: unknown field "zebra" in affs_data of extract-frags
    5 |   zebra: 1
      |   ^^^^^ valid are channels, store, voxel_size`},
		{"missing", "task_type: extract-frags\naffs_data: {}\n", `
p.yaml:1:1: the field "block_size" is missing in extract-frags
    1 | task_type: extract-frags
      | ^^^^^^^^^ a list of whole numbers is needed
p.yaml:2:12: the field "store" is missing in affs_data of extract-frags
    2 | affs_data: {}
      |            ^^ a string is needed`},
		{"required but null", "task_type: a\naffs_data: a\nblock_size: null\n", `
p.yaml:3:13: block_size is null in extract-frags, a list of whole numbers is needed
    3 | block_size: null
      |             ^^^^`},
		{"string for a number", "task_type: a\naffs_data: a\nblock_size: [64, \"64\", x]\n", `
p.yaml:3:18: block_size[1] is a string, a whole number is needed
    3 | block_size: [64, "64", x]
      |                  ^^^^
p.yaml:3:24: block_size[2] is a string, a whole number is needed
    3 | block_size: [64, "64", x]
      |                        ^`},
		{"fraction", "task_type: a\naffs_data: a\nblock_size: [64.0, 1.5, 1e300]\n", `
p.yaml:3:20: block_size[1] has a fraction, a whole number is needed
    3 | block_size: [64.0, 1.5, 1e300]
      |                    ^^^
p.yaml:3:25: block_size[2] is too large to be exact in this notation
    3 | block_size: [64.0, 1.5, 1e300]
      |                         ^^^^^ write all of its digits`},
		{"scalar for a list", "task_type: a\naffs_data: a\nblock_size: 64\n", `
p.yaml:3:13: block_size is a whole number, a list of whole numbers is needed
    3 | block_size: 64
      |             ^^`},
		{"too many components", "task_type: a\naffs_data: a\nblock_size: [1, 1, 1, 1, 1, 1]\n", `
p.yaml:3:13: block_size has 6 components, 1 to 5 are needed, one an axis
    3 | block_size: [1, 1, 1, 1, 1, 1]
      |             ^^^^^^^^^^^^^^^^^^`},
		{"null in a list", good + "bias: [1, null]\n", `
p.yaml:4:11: bias[1] is null, a number is needed
    4 | bias: [1, null]
      |           ^^^^`},
		{"not finite", good + "bias:\n- .nan\n- -.inf\n- 1e400\n", `
p.yaml:5:3: bias[0] is .nan, a number is needed
    5 | - .nan
      |   ^^^^
p.yaml:6:3: bias[1] is -.inf, a number is needed
    6 | - -.inf
      |   ^^^^^
p.yaml:7:3: bias[2] is too large a number: 1e400
    7 | - 1e400
      |   ^^^^^`},
		{"integers", good + "remove_debris: -1\nnum_workers: 99999999999999999999\n", `
p.yaml:4:16: remove_debris is negative, 0 or more is needed
    4 | remove_debris: -1
      |                ^^
p.yaml:5:14: num_workers is out of range: 99999999999999999999
    5 | num_workers: 99999999999999999999
      |              ^^^^^^^^^^^^^^^^^^^^ -9223372036854775808 to 9223372036854775807 is possible`},
		{"16 bits", good + "remove_debris: 65536\n", `
p.yaml:4:16: remove_debris is out of range: 65536
    4 | remove_debris: 65536
      |                ^^^^^ 0 to 65535 is possible`},
		{"leading zero", good + "remove_debris: 010\n", `
p.yaml:4:16: remove_debris begins with a zero
    4 | remove_debris: 010
      |                ^^^ write it without, or 0o before an octal number`},
		{"yes", good + "randomized_strides: yes\n", `
p.yaml:4:21: randomized_strides is a string, true or false is needed
    4 | randomized_strides: yes
      |                     ^^^ write true`},
		{"choice", good + "fit: shrnk\n", `
p.yaml:4:6: fit cannot be "shrnk"
    4 | fit: shrnk
      |      ^^^^^ did you mean "shrink"?`},
		{"number for a string", "task_type: 5\naffs_data: a\nblock_size: [1]\n", `
p.yaml:1:12: task_type is a whole number, a string is needed
    1 | task_type: 5
      |            ^ put it into quotes`},
		{"union", "task_type: a\naffs_data: [1]\nblock_size: [1]\n", `
p.yaml:2:12: affs_data is a list, a mapping is needed
    2 | affs_data: [1]
      |            ^^^`},
		{"array length in a map", good + "weights: {a: [1, -0.5], b: [1]}\n", `
p.yaml:4:28: weights.b has 1 items, 2 are needed
    4 | weights: {a: [1, -0.5], b: [1]}
      |                            ^^^`},
		{"roi", good + "roi: [[0, 0], [5]]\n", `
p.yaml:4:6: the offset of roi has 2 components and its shape 1
    4 | roi: [[0, 0], [5]]
      |      ^^^^^^^^^^^^^ a roi is [offset, shape], as [[0, 0, 0], [100, 200, 200]]`},
		{"roi too short", good + "roi: [[0, 0]]\n", `
p.yaml:4:6: roi has 1 items, an offset and a shape are needed
    4 | roi: [[0, 0]]
      |      ^^^^^^^^ a roi is [offset, shape], as [[0, 0, 0], [100, 200, 200]]`},
		{"roi negative", good + "roi: [[0], [-5]]\n", `
p.yaml:4:13: the shape of roi is negative here
    4 | roi: [[0], [-5]]
      |             ^^ a roi is [offset, shape], as [[0, 0, 0], [100, 200, 200]]`},
		{"duration", good + "timeout: soon\n", `
p.yaml:4:10: timeout is no time: "soon"
    4 | timeout: soon
      |          ^^^^ a time such as 100ms, 1.5s or 2h, or a number of seconds is needed`},
		{"twice", "a: 1\nb: 2\na: 3\nb: 4\n", `
p.yaml:3:1: "a" is given twice
    3 | a: 3
      | ^ first on line 1
p.yaml:4:1: "b" is given twice
    4 | b: 4
      | ^ first on line 2`},
		{"twice, JSON", `{"a": 1, "a": 2}`, `
p.yaml:1:10: "a" is given twice
    1 | {"a": 1, "a": 2}
      |          ^^^ first on line 1`},
		{"empty", "# nothing\n", `
p.yaml: the file is empty`},
		{"null", "null", `
p.yaml: the file is empty`},
		{"two documents", "a: 1\n---\nb: 2\n", `
p.yaml:3:1: a second document begins here, one a file is needed
    3 | b: 2
      | ^ put it into a file of its own`},
		{"tab", "a:\n\tb: 1\n", `
p.yaml:2:1: a tab is used as indentation
    2 |  b: 1
      | ^ indent with spaces`},
		{"tab after spaces", "a:\n  b: 1\n  \tc: 1\n", `
p.yaml:3:3: a tab is used as indentation
    3 |    c: 1
      |   ^ indent with spaces`},
		{"unclosed list", "a: [1, 2\nb: 3\n", `
p.yaml:2:1: the list before this is not closed
    2 | b: 3
      | ^ "," or "]" is missing`},
		{"unclosed quotes", "a: \"x\nb: 3\n", `
p.yaml:1:4: the text in quotes that begins here has no end
    1 | a: "x
      |    ^^ a closing " is missing`},
		{"no space", "a:1\nb: 2\n", `
p.yaml:1:1: this is neither "name: value" nor a list item
    1 | a:1
      | ^^^ is the space after ":" missing?`},
		{"indentation", "a: 1\n  b: 2\n", `
p.yaml:1:4: a second ":" stands where one "name: value" is needed
    1 | a: 1
      |    ^ is this line or the next indented wrongly, or are quotes missing?`},
		{"no colon", "a: 1\nb\nc: 2\n", `
p.yaml:2:1: this is no "name: value"
    2 | b
      | ^ is the ":" missing, or the indentation wrong?`},
		{"unknown alias", "x: &base {a: 1}\ny: *bas\n", `
p.yaml:2:4: nothing is anchored as &bas above
    2 | y: *bas
      |    ^^^^ did you mean "base"?`},
		{"alias of itself", "x: &base [*base]\n", `
p.yaml:1:11: *base stands inside of what it names
    1 | x: &base [*base]
      |           ^^^^^`},
		{"merge of a list", "x: {<<: [1]}\n", `
p.yaml:1:10: << merges mappings, and this is a whole number
    1 | x: {<<: [1]}
      |          ^`},
		{"tag", "a: !!python/tuple [1]\n", `
p.yaml:1:4: the tag !!python/tuple is not supported
    1 | a: !!python/tuple [1]
      |    ^^^^^^^^^^^^^^ leave it out`},
		{"wrong tag", "a: !!int x\n", `
p.yaml:1:4: the tag !!int stands before a string
    1 | a: !!int x
      |    ^^^^^`},
		{"key", "a: 1\n[b]: 2\n", `
p.yaml:2:4: a field's name is needed before this
    2 | [b]: 2
      |    ^`},
		{"zero byte", "a: \x00", `
p.yaml:1:4: this is not a text file: it holds a zero byte
    1 | a: ·
      |    ^`},
		{"wide characters", good + "ü面: [界, 1]\nbias: [界, 1]\n", `
p.yaml:4:1: unknown field "ü面" in extract-frags
    4 | ü面: [界, 1]
      | ^^^ valid are affs_data, bias, block_size, filter_fragments, fit, num_workers, randomized_strides, remove_debris, roi, task_type, timeout, weights
p.yaml:5:8: bias[0] is a string, a number is needed
    5 | bias: [界, 1]
      |        ^^`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, want := messages(c.src), strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestMessageOfALongLine(t *testing.T) {
	src := `{"task_type":"x","affs_data":"a","bias":[` + strings.Repeat("1,", 300) + `"x",` + strings.Repeat("1,", 300) + `1],"block_size":[1]}`
	want := `p.yaml:1:642: bias[300] is a string, a number is needed
    1 | …,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"x",1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1…
      |                                   ^^^`
	if got := messages(src); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestManyMistakes(t *testing.T) {
	got := messages(good + "bias: [" + strings.Repeat("x, ", 25) + "x]\n")
	if n := strings.Count(got, "is a string"); n != 10 {
		t.Errorf("%d errors are shown, 10 are needed", n)
	}
	if !strings.HasSuffix(got, "\n… and 16 more") {
		t.Errorf("the others are not counted:\n%s", got)
	}
}

func TestColour(t *testing.T) {
	_, err := config.Parse("p.yaml", []byte("a: *b"))
	got := config.Render(err, true)
	want := "\x1b[1mp.yaml:1:4:\x1b[0m nothing is anchored as &b above\n\x1b[34m    1 |\x1b[0m a: *b\n\x1b[34m      |\x1b[0m    \x1b[1;31m^^\x1b[0m \x1b[32mnothing is anchored at all\x1b[0m"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := config.Render(err, false); strings.Contains(got, "\x1b") {
		t.Errorf("colour although none was asked for: %q", got)
	}
}
