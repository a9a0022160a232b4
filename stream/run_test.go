package stream

import (
	"testing"
	"time"
)

func TestRunToEndAndAgain(t *testing.T) {
	s := newSite(t)
	g := grid(t, 1, 7, 8, 9)
	p := chain("first run/π", g, g)
	s.generations(&p)
	r := newRecorder()
	stop := s.work(p.Run, WorkerOptions{Open: r.open})
	s.finished(s.run(p, s.options()))
	stop()
	for _, task := range []string{"a", "b"} {
		if n := r.total(task); n != 7*8*9 {
			t.Errorf("task %s was processed %d times", task, n)
		}
	}
	if r.closed != 2 {
		t.Errorf("%d processors were closed", r.closed)
	}

	began := time.Now()
	status := s.run(p, s.options())
	if took := time.Since(began); took > 300*time.Millisecond {
		t.Errorf("an empty rerun took %v", took)
	}
	s.finished(status)
	if status.Tasks[0].Skipped != 7*8*9 {
		t.Errorf("%+v", status)
	}
	if n := r.total("a"); n != 7*8*9 {
		t.Errorf("a rerun processed blocks again: %d", n)
	}
}

// Two chained tasks of 40³ blocks that do nothing, each block of the second one reading 27 of the first.
func BenchmarkChain(b *testing.B) {
	blocks := int64(0)
	for b.Loop() {
		b.StopTimer()
		s := newSite(b)
		g := grid(b, 1, 40, 40, 40)
		p := chain("bench", g, g)
		s.generations(&p)
		stop := s.work(p.Run, WorkerOptions{Open: noop})
		b.StartTimer()
		s.finished(s.run(p, s.options()))
		b.StopTimer()
		stop()
		blocks += 2 * g.Len()
		b.StartTimer()
	}
	b.ReportMetric(float64(blocks)/b.Elapsed().Seconds(), "blocks/s")
}

// What is done is skipped: the whole of an empty rerun, the server's start included.
func BenchmarkRerun(b *testing.B) {
	s := newSite(b)
	g := grid(b, 1, 40, 40, 40)
	p := chain("bench", g, g)
	s.generations(&p)
	stop := s.work(p.Run, WorkerOptions{Open: noop})
	s.finished(s.run(p, s.options()))
	stop()
	for b.Loop() {
		s.server.Close()
		s.start()
		s.finished(s.run(p, s.options()))
	}
	b.ReportMetric(float64(2*g.Len()*int64(b.N))/b.Elapsed().Seconds(), "blocks/s")
}
