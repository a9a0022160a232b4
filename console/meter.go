package console

import "time"

// A meter measures a recent rate from counts taken at irregular times. It looks back over at least meterSpan and at
// least meterBlocks blocks, as far as there are any, so that the rate of blocks of 10 ms follows changes within
// seconds and that of blocks of 10 minutes does not jump between 0 and twice the truth.
type meter struct {
	past []sample // when the count had grown, at least meterStep apart; oldest first, where the look back begins
	last sample
}

type sample struct {
	at    time.Time
	count int64
}

const (
	meterSpan   = 10 * time.Second
	meterBlocks = 10
	meterStep   = meterSpan / 40
)

// add records a count. It never falls within a run; if it does, the meter starts anew.
func (m *meter) add(at time.Time, count int64) {
	if len(m.past) > 0 && (count < m.last.count || at.Before(m.last.at)) {
		m.reset()
	}
	m.last = sample{at, count}
	if len(m.past) == 0 {
		m.past = append(m.past, m.last)
		return
	}
	if newest := m.past[len(m.past)-1]; count > newest.count && at.Sub(newest.at) >= meterStep {
		m.past = append(m.past, m.last)
	}
	for i := len(m.past) - 1; i > 0; i-- {
		if s := m.past[i]; at.Sub(s.at) >= meterSpan && count-s.count >= meterBlocks {
			m.past = append(m.past[:0], m.past[i:]...)
			break
		}
	}
}

// perSecond returns the recent rate, 0 as long as nothing is known.
func (m *meter) perSecond() float64 {
	if len(m.past) == 0 {
		return 0
	}
	seconds := m.last.at.Sub(m.past[0].at).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(m.last.count-m.past[0].count) / seconds
}

// reset forgets everything: after a pause, the rate before it says nothing.
func (m *meter) reset() { m.past = m.past[:0] }
