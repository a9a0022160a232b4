package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"volara/config"
	"volara/stages"
	"volara/zarr"
)

// A Pipeline is a decoded pipeline file: named tasks, bound to their resources, upstream before downstream.
type Pipeline struct {
	Name  string
	File  string // the first file it was read from
	Base  string // folder that relative paths start from
	Tasks []*Task
}

// A Task is one task of a pipeline.
type Task struct {
	Name     string
	Stage    stages.Stage
	Uses     []stages.Use
	Upstream []Edge

	dbs  []*stages.DB
	node *config.Node
}

// An Edge is a dependency on an upstream task.
type Edge struct {
	Task *Task
	All  bool // a block needs all of its blocks, not only those that meet its read ROI
	Data bool // something that it writes is read; else it only comes first (after)
}

// document is a pipeline file.
type document struct {
	Name     string                    `json:"name"`
	Grid     stages.GridMode           `json:"grid"` // default of the tasks
	Datasets map[string]stages.Dataset `json:"datasets"`
	DBs      map[string]stages.DB      `json:"dbs"`
	LUTs     map[string]stages.LUT     `json:"luts"`
	Tasks    []*config.Node            `json:"tasks" config:"required"`
}

// Load reads a pipeline: one file in YAML or JSON with `tasks:`, or any number of files with one task each, as Volara
// serialises them, in order. Errors in the files are config.Errors.
func Load(types map[string]stages.Factory, files ...string) (*Pipeline, error) {
	if len(files) == 0 {
		return nil, errors.New("no pipeline file is given")
	}
	roots := make([]*config.Node, len(files))
	for i, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("pipeline file: %w", err)
		}
		if roots[i], err = config.Parse(file, src); err != nil {
			return nil, err
		}
	}
	names, err := stages.LoadAttributeNames(filepath.Dir(files[0]))
	if err != nil {
		return nil, &InputError{err}
	}
	return build(types, files[0], roots, names)
}

// Parse reads a pipeline from memory; file names it and is what relative paths start beside. No configuration of
// funlib.persistence is looked for: a stored specification says itself under which names attributes are.
func Parse(types map[string]stages.Factory, file string, src []byte) (*Pipeline, error) {
	root, err := config.Parse(file, src)
	if err != nil {
		return nil, err
	}
	return build(types, file, []*config.Node{root}, nil)
}

func build(types map[string]stages.Factory, file string, roots []*config.Node, names *zarr.AttributeNames) (*Pipeline, error) {
	base, err := filepath.Abs(filepath.Dir(file))
	if err == nil {
		base, err = stages.RealPath(base)
	}
	if err != nil {
		return nil, fmt.Errorf("the folder of %s: %w", file, err)
	}
	p := &Pipeline{File: file, Base: base, Name: stem(file)}
	doc, err := p.document(roots)
	if err != nil {
		return nil, err
	}
	if doc.Name != "" {
		p.Name = doc.Name
	}
	if !validName.MatchString(p.Name) {
		return nil, roots[0].Get("name").Errorf("%q is no name for a run; 1 to 100 letters, digits, _, - and . are possible (set name: in the file)", p.Name)
	}
	named := stages.Named{Datasets: doc.Datasets, DBs: doc.DBs, LUTs: doc.LUTs, AttributeNames: names}
	var errs []error
	for _, node := range doc.Tasks {
		task, err := newTask(types, node, doc.Grid, base, named)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.Tasks = append(p.Tasks, task)
	}
	if err := config.Join(errs...); err != nil {
		return nil, err
	}
	return p, p.connect()
}

// document decodes the one pipeline file, or makes a document of the task files.
func (p *Pipeline) document(roots []*config.Node) (document, error) {
	doc := document{Grid: stages.GridData}
	if isTask(roots[0]) {
		doc.Grid = stages.GridROI
		for _, root := range roots {
			if !isTask(root) {
				return doc, root.Errorf("%s is no single task, as %s is; give one pipeline file, or files with one task each", root.File(), roots[0].File())
			}
		}
		doc.Tasks = roots
		return doc, nil
	}
	if len(roots) > 1 {
		return doc, roots[1].Errorf("a pipeline file stands alone; several files are one task each (with task_type)")
	}
	if err := roots[0].Decode(&doc); err != nil {
		return doc, err
	}
	if len(doc.Tasks) == 0 {
		return doc, roots[0].Get("tasks").Errorf("tasks is empty")
	}
	return doc, nil
}

func isTask(root *config.Node) bool { return root.Get("task_type") != nil && root.Get("tasks") == nil }

func stem(file string) string {
	name := filepath.Base(file)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`)

// newTask decodes one task and binds its resources.
func newTask(types map[string]stages.Factory, node *config.Node, grid stages.GridMode, base string, named stages.Named) (*Task, error) {
	typeNode := node.Get("task_type")
	if typeNode.Kind() != config.String {
		return nil, node.Errorf("every task needs a task_type").Hint("one of %s", strings.Join(stages.TypeNames(types), ", "))
	}
	factory, ok := types[typeNode.Text()]
	if !ok {
		return nil, unknownType(types, typeNode)
	}
	node.Describe(typeNode.Text())
	stage := factory()
	if err := node.Decode(stage); err != nil {
		return nil, err
	}
	shared := stage.Common()
	if shared.Grid == "" {
		shared.Grid = grid
	}
	binder := &stages.Binder{Base: base, Named: named}
	stages.Bind(stage, binder)
	t := &Task{Stage: stage, Uses: binder.Uses, dbs: binder.DBs, node: node}
	if err := t.located(errors.Join(binder.Errs...)); err != nil {
		return nil, err
	}
	if shared.Name == "" {
		shared.Name = stage.DefaultName()
	}
	t.Name = shared.Name
	if !validName.MatchString(t.Name) {
		return nil, node.At("name").Errorf("%q is no name for a task; 1 to 100 letters, digits, _, - and . are possible", t.Name)
	}
	return t, nil
}

func unknownType(types map[string]stages.Factory, node *config.Node) error {
	for _, later := range stages.Later() {
		if node.Text() == later {
			return node.Errorf("task_type %s is not built yet", later).Hint("there are %s", strings.Join(stages.TypeNames(types), ", "))
		}
	}
	return node.Errorf("unknown task_type %q", node.Text()).Hint("%s", config.Suggest(node.Text(), stages.TypeNames(types)))
}

// located gives the field errors in err their places in the file.
func (t *Task) located(err error) error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range many.Unwrap() {
			errs = append(errs, t.located(e))
		}
		return config.Join(errs...)
	}
	if f, ok := errors.AsType[*stages.FieldError](err); ok {
		return t.node.At(fieldPath(f.Field)...).Errorf("%s of %s: %w", f.Field, t.label(), f.Err)
	}
	return t.node.Errorf("%s: %w", t.label(), err)
}

// label names the task in messages, before it may have a name.
func (t *Task) label() string {
	if t.Name != "" {
		return t.Name
	}
	return t.Stage.Common().TaskType
}

var indexed = regexp.MustCompile(`^(\w+)\[(\d+)\]$`)

// fieldPath splits strides[2] into the steps of Node.At.
func fieldPath(field string) []any {
	m := indexed.FindStringSubmatch(field)
	if m == nil {
		return []any{field}
	}
	i := 0
	fmt.Sscan(m[2], &i)
	return []any{m[1], i}
}
