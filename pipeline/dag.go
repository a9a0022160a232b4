package pipeline

import (
	"slices"
	"strings"

	"volara/config"
	"volara/stages"
)

// connect finds each task's upstream tasks and puts the tasks in order.
func (p *Pipeline) connect() error {
	byName := map[string]*Task{}
	var errs []error
	for _, t := range p.Tasks {
		if other, taken := byName[t.Name]; taken {
			errs = append(errs, t.node.At("name").Errorf("two tasks are named %s (%s and %s)", t.Name,
				other.Stage.Common().TaskType, t.Stage.Common().TaskType).Hint("give one of them another name"))
		}
		byName[t.Name] = t
	}
	writers, err := p.writers()
	errs = append(errs, err, p.checkNesting(writers), p.checkPlaces(), p.checkKeep(writers))
	for _, t := range p.Tasks {
		errs = append(errs, t.connect(writers, byName))
	}
	if err := config.Join(errs...); err != nil {
		return err
	}
	return p.sort()
}

func (p *Pipeline) writers() (map[stages.Resource]*Task, error) {
	writers := map[stages.Resource]*Task{}
	var errs []error
	for _, t := range p.Tasks {
		for _, u := range t.Uses {
			if !u.Write {
				continue
			}
			if other, taken := writers[u.Resource]; taken {
				errs = append(errs, t.node.At(u.Field).Errorf("%s and %s both write the %v", other.Name, t.Name, u.Resource))
			}
			writers[u.Resource] = t
		}
	}
	return writers, config.Join(errs...)
}

// checkNesting refuses an output inside another array: dropping one would remove the other.
func (p *Pipeline) checkNesting(writers map[stages.Resource]*Task) error {
	arrays := map[string]bool{}
	for _, t := range p.Tasks {
		for _, u := range t.Uses {
			if u.Resource.Kind == stages.KindArray {
				arrays[u.Resource.ID] = true
			}
		}
	}
	var errs []error
	for _, t := range p.Tasks {
		for _, u := range t.Uses {
			for dir := stages.Above(u.Resource.ID); u.Write && writers[u.Resource] == t && dir != ""; dir = stages.Above(dir) {
				if arrays[dir] {
					errs = append(errs, t.node.At(u.Field).Errorf("%s of %s would be written inside the array %s; give it a path of its own", u.Resource.ID, t.Name, dir))
				}
			}
		}
	}
	return config.Join(errs...)
}

// checkPlaces refuses two arrays of one name on two servers: they would be taken for one.
func (p *Pipeline) checkPlaces() error {
	places := map[string]stages.Place{}
	var errs []error
	for _, t := range p.Tasks {
		for _, u := range t.Uses {
			other, seen := places[u.Place.Path]
			if !seen {
				places[u.Place.Path] = u.Place
			} else if differs := u.Place.Differs(other); differs != "" {
				errs = append(errs, t.node.At(u.Field).Errorf("%s is on two servers in this pipeline (%s), which would be taken for one array; name the dataset in datasets:, or give one of them another path",
					u.Resource.ID, differs))
			}
		}
	}
	return config.Join(errs...)
}

// connect finds the writers of what the task reads, and the tasks that it is to follow.
func (t *Task) connect(writers map[stages.Resource]*Task, byName map[string]*Task) error {
	var errs []error
	add := func(up *Task, all, data bool, node *config.Node, what string) {
		if up == t {
			errs = append(errs, node.Errorf("%s would wait for itself: it reads and writes %s", t.Name, what))
			return
		}
		if i := slices.IndexFunc(t.Upstream, func(e Edge) bool { return e.Task == up }); i >= 0 {
			e := &t.Upstream[i]
			e.All, e.Data = e.All || all, e.Data || data
			return
		}
		t.Upstream = append(t.Upstream, Edge{Task: up, All: all, Data: data})
	}
	for _, u := range t.Uses {
		if up := writers[u.Resource]; up != nil && !u.Write {
			add(up, u.All, true, t.node.At(u.Field), "the "+u.Resource.String())
		}
	}
	for i, name := range t.Stage.Common().After {
		node := t.node.At("after", i)
		up, ok := byName[name]
		if !ok {
			names := make([]string, 0, len(byName))
			for n := range byName {
				names = append(names, n)
			}
			slices.Sort(names)
			errs = append(errs, node.Errorf("no task is named %q", name).Hint("%s", config.Suggest(name, names)))
			continue
		}
		add(up, false, false, node, "its own blocks (after)")
	}
	return config.Join(errs...)
}

// sort puts upstream tasks before downstream ones and otherwise keeps the file's order.
func (p *Pipeline) sort() error {
	var sorted []*Task
	state := map[*Task]int{} // 1: on the path, 2: placed
	var path []*Task
	var visit func(t *Task) error
	visit = func(t *Task) error {
		switch state[t] {
		case 2:
			return nil
		case 1:
			var names []string
			for _, c := range append(path[slices.Index(path, t):], t) {
				names = append(names, c.Name)
			}
			slices.Reverse(names)
			return t.node.Errorf("the tasks wait for each other in a circle: %s", strings.Join(names, " → "))
		}
		state[t] = 1
		path = append(path, t)
		for _, e := range t.Upstream {
			if err := visit(e.Task); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		state[t] = 2
		sorted = append(sorted, t)
		return nil
	}
	for _, t := range p.Tasks {
		if err := visit(t); err != nil {
			return err
		}
	}
	p.Tasks = sorted
	return nil
}

// Task returns the task of that name.
func (p *Pipeline) Task(name string) (*Task, bool) {
	i := slices.IndexFunc(p.Tasks, func(t *Task) bool { return t.Name == name })
	if i < 0 {
		return nil, false
	}
	return p.Tasks[i], true
}

// Names returns the tasks' names in order.
func (p *Pipeline) Names() []string {
	names := make([]string, len(p.Tasks))
	for i, t := range p.Tasks {
		names[i] = t.Name
	}
	return names
}

// upstreamOf returns the tasks with all that they need.
func upstreamOf(tasks []*Task) map[*Task]bool {
	needed := map[*Task]bool{}
	var add func(t *Task)
	add = func(t *Task) {
		if needed[t] {
			return
		}
		needed[t] = true
		for _, e := range t.Upstream {
			add(e.Task)
		}
	}
	for _, t := range tasks {
		add(t)
	}
	return needed
}

// Downstream returns the tasks that need one of the given ones, those included, in order.
func (p *Pipeline) Downstream(tasks []*Task) []*Task {
	var down []*Task
	for _, t := range p.Tasks {
		needs := func(e Edge) bool { return slices.Contains(down, e.Task) }
		if slices.Contains(tasks, t) || slices.ContainsFunc(t.Upstream, needs) {
			down = append(down, t)
		}
	}
	return down
}
