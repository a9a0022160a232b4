package config_test

import (
	"fmt"

	"volara/config"
	"volara/geometry"
)

func Example() {
	root, err := config.Parse("pipeline.yaml", []byte(`
tasks:
  - task_type: extract-frags
    bock_size: [64, 64, 64]
    bias: [-0.4, -0.4]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var task struct {
		TaskType  string              `yaml:"task_type,required"`
		BlockSize geometry.Coordinate `yaml:"block_size"`
		Bias      []float64           `yaml:"bias"`
	}
	node := root.Get("tasks").Index(0).Describe("extract-frags")
	err = node.Decode(&task)
	if len(task.Bias) != 3 {
		err = config.Join(err, node.At("bias").Errorf("bias has %d values, 3 are needed", len(task.Bias)).Hint("one for each offset"))
	}
	fmt.Println(err)
	// Output:
	// pipeline.yaml:4:5: unknown field "bock_size" in extract-frags
	//     4 |     bock_size: [64, 64, 64]
	//       |     ^^^^^^^^^ did you mean "block_size"?
	// pipeline.yaml:5:11: bias has 2 values, 3 are needed
	//     5 |     bias: [-0.4, -0.4]
	//       |           ^^^^^^^^^^^^ one for each offset
}
