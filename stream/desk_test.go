package stream

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"volara/geometry"
)

// Slots that were refused memory are told when a block's is given back, and not when a slot has only asked: but for
// those that were refused meanwhile.
func TestWhoIsToldOfFreeMemory(t *testing.T) {
	const long, big, small = 0, 1, 2
	newTestDesk := func() *desk {
		tasks := sized(6, 9, 2)
		return newDesk(tasks, newMemory(tasks, 10, false))
	}
	told := func(next <-chan struct{}) bool {
		select {
		case <-next:
			return true
		default:
			return false
		}
	}
	enter := func(d *desk, task int, want bool) {
		t.Helper()
		if ok, _ := d.enter(task); ok != want {
			t.Fatalf("task %d may ask: %v", task, ok)
		}
	}
	d := newTestDesk()
	enter(d, long, true)
	d.got(long)
	next := d.next()
	for range 3 {
		enter(d, big, false)
		enter(d, small, true)
		d.withdraw(small)
	}
	if told(next) {
		t.Error("a slot that found an empty queue wakes those that were refused before")
	}
	d.leave(long)
	if !told(next) {
		t.Error("nobody is told of the memory of a block")
	}
	next = d.next()
	enter(d, big, true)
	d.withdraw(big)
	if told(next) {
		t.Error("told although nobody was refused")
	}
	enter(d, small, true) // this slot still asks when another one is refused
	enter(d, big, false)
	d.withdraw(small)
	if !told(next) {
		t.Error("a slot that was refused what another one has only asked for is not told")
	}
	if d.asking != 0 || d.memory.used != 0 {
		t.Errorf("%d bytes are asked for and %d in use, of none", d.asking, d.memory.used)
	}
}

// Idle slots of a worker that is short of memory sleep.
func TestIdleSlotsSleepWhenMemoryIsShort(t *testing.T) {
	s := newSite(t)
	one := grid(t, 0, 1)
	p := Plan{Run: "short", Tasks: []Task{
		{Name: "long", Grid: one, Select: one.All(), Memory: 6},
		{Name: "big", Grid: one, Select: one.All(), Memory: 9, Upstream: []Dependency{{Task: "long", All: true}}},
		{Name: "small", Grid: one, Select: one.All(), Memory: 1, Upstream: []Dependency{{Task: "big", All: true}}},
	}}
	s.generations(&p)
	var asked, idle atomic.Int64
	if _, err := s.connect().Subscribe("$JS.API.CONSUMER.MSG.NEXT.>", func(*nats.Msg) { asked.Add(1) }); err != nil {
		t.Fatal(err)
	}
	r := newRecorder()
	r.process = func(_ context.Context, task string, _ geometry.Block) error {
		if task == "long" {
			time.Sleep(200 * time.Millisecond)
			before := asked.Load()
			time.Sleep(time.Second)
			idle.Store(asked.Load() - before)
		}
		return nil
	}
	s.work("short", WorkerOptions{Name: "w", Open: r.open, Slots: 3, Memory: 10})
	s.finished(s.run(p, s.options()))
	if n := idle.Load(); n > 200 {
		t.Errorf("a worker with nothing to do asked %d times in a second", n)
	}
}
