package stream

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"volara/fault"
)

func TestFollow(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 200))
	s.generations(&p)
	if err := makeDir(s.options().Dir); err != nil {
		t.Fatal(err)
	}
	follow := func(read func(context.Context, func(Event) error) error) <-chan int64 {
		blocks := make(chan int64, 1)
		go func() {
			n, enough := int64(0), errors.New("enough")
			err := read(s.ctx(), func(e Event) error {
				if e.Kind == EventBlockDone {
					n += e.Blocks.Count()
				}
				if e.Kind == EventRunDone {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) {
				t.Error(err)
			}
			blocks <- n
		}()
		return blocks
	}
	js := s.jetStream()
	live := follow(func(ctx context.Context, f func(Event) error) error { return Events(ctx, js, "r", true, f) })
	file := follow(func(ctx context.Context, f func(Event) error) error { return ReadEvents(ctx, s.options().Dir, true, f) })
	s.work(p.Run, WorkerOptions{Open: noop})
	s.finished(s.run(p, s.options()))
	if a, b := <-live, <-file; a != 200 || b != 200 {
		t.Errorf("%d blocks from JetStream, %d from the file", a, b)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := Events(ctx, js, "r", true, func(Event) error { return nil }); err != nil {
		t.Errorf("a cancelled follow is no error: %v", err)
	}
}

func TestEventsRotate(t *testing.T) {
	dir := t.TempDir()
	line := encode(Event{Version: 1, Kind: EventRunPaused, Reason: strings.Repeat("x", 1<<20)})
	for i := range 90 {
		if err := appendEvents(dir, append(line, '\n')); err != nil {
			t.Fatal(i, err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != eventsFiles {
		t.Errorf("%d files, %v", len(files), err)
	}
	n := 0
	if err := ReadEvents(t.Context(), dir, false, func(Event) error { n++; return nil }); err != nil || n < 48 || n == 90 {
		t.Errorf("%d events, %v", n, err)
	}
	torn := encode(Event{Version: 1, Kind: EventRunDone})
	if err := appendEvents(dir, torn[:9]); err != nil {
		t.Fatal(err)
	}
	if err := mendEvents(dir, [][]byte{append(torn, '\n'), append(line, '\n')}); err != nil {
		t.Fatal(err)
	}
	again := 0
	if err := ReadEvents(t.Context(), dir, false, func(e Event) error { again++; return nil }); err != nil || again != n+1 {
		t.Errorf("%d events after mending, were %d, %v", again, n, err)
	}
}

func TestGenerations(t *testing.T) {
	s := newSite(t)
	ctx := s.ctx()
	state, err := OpenState(ctx, s.jetStream(), "a run/with.dots *")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Generation(ctx, "x.y/z"); !errors.Is(err, ErrNoGeneration) {
		t.Errorf("got %v", err)
	}
	first, err := state.Begin(ctx, "x.y/z", []byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	bits := NewBitmap(40000)
	bits.Set(39999)
	for _, key := range []string{keyDone("x.y/z", first.ID, 1), keyDone("x.y", first.ID, 1)} {
		if _, err := state.put(ctx, key, bits.EncodePage(1), 0); err != nil {
			t.Fatal(err)
		}
	}
	done, err := state.Done(ctx, "x.y/z", first.ID, 40000)
	if err != nil || done.Count() != 1 || !done.Get(39999) {
		t.Fatalf("%v, %v", done, err)
	}
	if _, err := state.Done(ctx, "x.y/z", first.ID, 100); !fault.IsPermanent(err) {
		t.Errorf("a page beyond the grid: %v", err)
	}
	second, err := state.Begin(ctx, "x.y/z", []byte(`{"a":2}`))
	if err != nil || second.ID == first.ID {
		t.Fatalf("%v, %v", second, err)
	}
	if done, err := state.Done(ctx, "x.y/z", first.ID, 40000); err != nil || done.Count() != 0 {
		t.Errorf("an old generation left %v, %v", done, err)
	}
	if done, err := state.Done(ctx, "x.y", first.ID, 40000); err != nil || done.Count() != 1 {
		t.Errorf("another task lost its blocks: %v, %v", done, err)
	}
	all, err := state.Generations(ctx)
	if err != nil || len(all) != 1 || all["x.y/z"].ID != second.ID || string(all["x.y/z"].Fingerprint) != `{"a":2}` {
		t.Errorf("%v, %v", all, err)
	}
	for range 2 {
		if err := state.Drop(ctx, "x.y/z"); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := state.Generations(ctx); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := state.Begin(ctx, "x.y/z", []byte(`{}`)); err != nil {
		t.Errorf("after a drop: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "a_b", "a.b", "frags/α β", "*", ">", "_5f"} {
		got, err := untoken(token(name))
		if err != nil || got != name {
			t.Errorf("%q became %q, %v", name, got, err)
		}
	}
	if token("a_b") == token("a.b") || !isWorkStream(workStream("a", 12), workStreamPrefix("a")) ||
		isWorkStream(workStream("a_12", 3), workStreamPrefix("a")) {
		t.Error("names are confused")
	}
}

func TestPlanIsValidated(t *testing.T) {
	good := chain("r", grid(t, 0, 3), grid(t, 0, 3))
	for i := range good.Tasks {
		good.Tasks[i].Generation = "G"
	}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Plan){
		"no run":       func(p *Plan) { p.Run = "" },
		"same name":    func(p *Plan) { p.Tasks[1].Name = "a" },
		"generation":   func(p *Plan) { p.Tasks[0].Generation = "a.b" },
		"unknown":      func(p *Plan) { p.Tasks[1].Upstream[0].Task = "z" },
		"itself":       func(p *Plan) { p.Tasks[1].Upstream[0].Task = "b" },
		"select":       func(p *Plan) { p.Tasks[0].Select.Shape = []int{4} },
		"dims":         func(p *Plan) { p.Tasks[1].Grid = grid(t, 0, 3, 3); p.Tasks[1].Select = p.Tasks[1].Grid.All() },
		"negative cap": func(p *Plan) { p.Tasks[0].MaxWorkers = -1 },
	} {
		p := chain("r", grid(t, 0, 3), grid(t, 0, 3))
		for i := range p.Tasks {
			p.Tasks[i].Generation = "G"
		}
		spoil(&p)
		if p.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
