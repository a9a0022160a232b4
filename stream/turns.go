package stream

import "cmp"

// turns says in which order a slot asks the tasks' queues for work, so that all that is ready has its share. Tasks that
// have nothing to do with each other share the slots evenly, however long the chains are that they belong to. Where one
// waits for the other, the downstream one goes first: what it reads is consumed while it is cached. Branches that wait
// for the same task share evenly, too.
type turns struct {
	component []int   // of each task: the same for those that wait for each other, be it through others
	depth     []int   // of each task: the longest way from one that waits for none
	upstream  [][]int // of each task, by index
}

// newTurns takes the tasks of a valid plan.
func newTurns(tasks []Task) turns {
	n := len(tasks)
	t := turns{component: make([]int, n), depth: make([]int, n), upstream: make([][]int, n)}
	index := make(map[string]int, n)
	for i, task := range tasks {
		index[task.Name] = i
		t.component[i] = i
		for _, d := range task.Upstream {
			up := index[d.Task]
			t.upstream[i] = append(t.upstream[i], up)
			t.depth[i] = max(t.depth[i], t.depth[up]+1)
			t.join(i, up)
		}
	}
	return t
}

// join makes one component of those of two tasks.
func (t *turns) join(a, b int) {
	from, to := t.component[a], t.component[b]
	for i, c := range t.component {
		if c == from {
			t.component[i] = to
		}
	}
}

// order returns the tasks in the order in which they are to be asked, by index. running is how many slots each one has;
// turn grows from call to call: of equals, each is first in its turn.
func (t *turns) order(running []int, turn int) []int {
	n := len(running)
	load := make([]int, n) // of components
	held := make([]int, n) // by how many tasks downstream that are not in the order yet
	for i, r := range running {
		load[t.component[i]] += r
		for _, up := range t.upstream[i] {
			held[up]++
		}
	}
	first := func(a, b int) bool {
		return cmp.Or(
			cmp.Compare(load[t.component[a]], load[t.component[b]]),
			cmp.Compare(running[a], running[b]),
			cmp.Compare(t.depth[b], t.depth[a]),
			cmp.Compare((a+turn)%n, (b+turn)%n),
		) < 0
	}
	order := make([]int, 0, n)
	for len(order) < n {
		next := -1
		for i := range n {
			if held[i] == 0 && (next < 0 || first(i, next)) {
				next = i
			}
		}
		order = append(order, next)
		held[next] = -1
		for _, up := range t.upstream[next] {
			held[up]--
		}
	}
	return order
}
