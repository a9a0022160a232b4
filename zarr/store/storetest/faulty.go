package storetest

import (
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Fault is something that goes wrong between a client and a server.
type Fault string

// The faults that Faulty makes.
const (
	SlowDown  Fault = "slow down" // 503 with S3's code for it, before the request is looked at
	Internal  Fault = "internal"  // 500, before
	Busy      Fault = "busy"      // 429 with Retry-After, before
	Reset     Fault = "reset"     // the connection is reset before the request is looked at
	Lost      Fault = "lost"      // the request is done and the connection reset instead of an answer
	Truncated Fault = "truncated" // the answer's body breaks off
	Slow      Fault = "slow"      // the answer's body comes in pieces, with pauses
	Stalled   Fault = "stalled"   // the answer's body stops in the middle, and the connection stays open
)

// AllFaults lists all faults but Stalled, which takes as long as the client's patience.
func AllFaults() []Fault { return []Fault{SlowDown, Internal, Busy, Reset, Lost, Truncated, Slow} }

// Faulty passes requests on to a handler and makes some of them fail, in an order that follows from the seed and the
// order of the requests. It is safe for concurrent use.
type Faulty struct {
	handler http.Handler

	mu     sync.Mutex
	random *rand.Rand
	share  float64
	faults []Fault
	made   map[Fault]int
	seen   int
}

// NewFaulty makes a share of the requests fail (0: none, 1: all), by one of the faults.
func NewFaulty(handler http.Handler, seed uint64, share float64, faults ...Fault) *Faulty {
	return &Faulty{handler: handler, random: rand.New(rand.NewPCG(seed, 0)), share: share, faults: faults, made: map[Fault]int{}}
}

// Set changes the share of requests that fail, and how.
func (f *Faulty) Set(share float64, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.share, f.faults = share, slices.Clone(faults)
}

// Made returns how many requests came, and how many failed by which fault.
func (f *Faulty) Made() (requests int, made map[Fault]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen, maps.Clone(f.made)
}

func (f *Faulty) draw() Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen++
	if len(f.faults) == 0 || f.random.Float64() >= f.share {
		return ""
	}
	fault := f.faults[f.random.IntN(len(f.faults))]
	f.made[fault]++
	return fault
}

// ServeHTTP implements http.Handler.
func (f *Faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch fault := f.draw(); fault {
	case "":
		f.handler.ServeHTTP(w, r)
	case SlowDown:
		refuse(w, r, http.StatusServiceUnavailable, "SlowDown")
	case Internal:
		refuse(w, r, http.StatusInternalServerError, "InternalError")
	case Busy:
		w.Header().Set("Retry-After", "0")
		refuse(w, r, http.StatusTooManyRequests, "TooManyRequests")
	case Reset:
		reset(w)
	default:
		spoil(f.handler, w, r, fault)
	}
}

// refuse answers with an error as S3 does.
func refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write([]byte("<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>refused</Message></Error>")) //nolint:errcheck // the client may have gone
	}
}

// reset ends a connection as a network does that breaks.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // then it is just closed
	}
	conn.Close()
}

// spoil does the request and spoils its answer.
func spoil(handler http.Handler, w http.ResponseWriter, r *http.Request, fault Fault) {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	if fault == Lost || fault != Slow && len(body) == 0 {
		reset(w)
		return
	}
	maps.Copy(w.Header(), answer.Header())
	if r.Method != http.MethodHead {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(answer.Code)
	send := func(piece []byte) {
		w.Write(piece)                        //nolint:errcheck // the client may have gone
		http.NewResponseController(w).Flush() //nolint:errcheck // the client may have gone
	}
	switch fault {
	case Truncated:
		send(body[:len(body)/2])
		reset(w)
	case Stalled:
		send(body[:len(body)/2])
		<-r.Context().Done()
	default:
		for piece := range slices.Chunk(body, len(body)/3+1) {
			send(piece)
			time.Sleep(2 * time.Millisecond)
		}
	}
}
