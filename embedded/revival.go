package embedded

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// JetStream that has met a full disk goes on refusing writes when there is space again, until its server is started anew.
// So a Server replaces its nats-server then: on the same store, at the same port. Connections come back by themselves;
// streams in memory are gone.

const (
	revivalPeriod = time.Second
	revivalSpace  = 4 << 20 // bytes that must fit on the disk
)

// revive replaces the server each time its disk was full and has space again, until Close.
func (s *Server) revive(full <-chan struct{}) {
	for {
		select {
		case <-s.stop:
			return
		case <-full:
		}
		for !s.hasSpace() {
			if !s.rest() {
				return
			}
		}
		s.log.Warn("the disk was full and has space again; the NATS server is started anew")
		for {
			next, err := s.relaunch()
			if err != nil {
				s.log.Error("the NATS server could not be started anew; trying again", "error", err)
			}
			if !s.rest() { // also after a success: the disk may be full again at once
				return
			}
			if err == nil {
				full = next
				break
			}
		}
	}
}

// rest waits a little; false when the server is being closed.
func (s *Server) rest() bool {
	select {
	case <-s.stop:
		return false
	case <-time.After(revivalPeriod):
		return true
	}
}

// relaunch ends the server that runs and starts another one at its port.
func (s *Server) relaunch() (full <-chan struct{}, err error) {
	if at, ok := s.current().Addr().(*net.TCPAddr); ok {
		s.options.Port = at.Port
	}
	if err := s.shutdown(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return s.launch(ctx)
}

// hasSpace tries whether something can be written beside the store.
func (s *Server) hasSpace() bool {
	f, err := os.CreateTemp(s.dir, ".space-*")
	if err != nil {
		return false
	}
	_, err = f.Write(make([]byte, revivalSpace))
	err = errors.Join(err, f.Close())
	return errors.Join(err, os.Remove(f.Name())) == nil
}
