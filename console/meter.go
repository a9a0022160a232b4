package console

import "time"

// A meter measures a recent rate from counts taken at irregular times. It looks back over at least meterSpan and at
// least meterBlocks blocks, as far as there are any, so that the rate of blocks of 10 ms follows changes within
// seconds and that of blocks of 10 minutes does not jump between 0 and twice the truth.
type meter struct {
	samples []sample // oldest first
}

type sample struct {
	at    time.Time
	count int64
}

const (
	meterSpan    = 10 * time.Second
	meterBlocks  = 10
	meterSamples = 128
)

// add records a count, which never falls within a run; if it does, the meter starts anew.
func (m *meter) add(at time.Time, count int64) {
	if n := len(m.samples); n > 0 {
		last := m.samples[n-1]
		if count < last.count || at.Before(last.at) {
			m.reset()
		} else if n > 1 && at.Sub(m.samples[n-2].at) < meterSpan/40 {
			m.samples[n-1] = sample{at, count}
			return
		}
	}
	m.samples = append(m.samples, sample{at, count})
	m.forget()
}

// forget drops samples that are no longer looked back to, and every second one when there are too many.
func (m *meter) forget() {
	if i := m.base(); i > 0 {
		m.samples = append(m.samples[:0], m.samples[i:]...)
	}
	if len(m.samples) <= meterSamples {
		return
	}
	kept := m.samples[:0]
	for i, s := range m.samples {
		if i%2 == 0 || i == len(m.samples)-1 {
			kept = append(kept, s)
		}
	}
	m.samples = kept
}

// base is the newest sample that is old enough and has few enough blocks, else the first.
func (m *meter) base() int {
	last := m.samples[len(m.samples)-1]
	for i := len(m.samples) - 1; i > 0; i-- {
		if s := m.samples[i]; last.at.Sub(s.at) >= meterSpan && last.count-s.count >= meterBlocks {
			return i
		}
	}
	return 0
}

// perSecond returns the recent rate, 0 as long as nothing is known.
func (m *meter) perSecond() float64 {
	if len(m.samples) < 2 {
		return 0
	}
	first, last := m.samples[0], m.samples[len(m.samples)-1]
	seconds := last.at.Sub(first.at).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(last.count-first.count) / seconds
}

// reset forgets everything: after a pause, the rate before it says nothing.
func (m *meter) reset() { m.samples = m.samples[:0] }
