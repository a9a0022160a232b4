package stream

import (
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

// A puller asks queues for messages, one at a time. (A request as nats.go has it cannot be used: JetStream's answers
// bear the subject of the message, so that concurrent requests are confused with each other.)
type puller struct {
	nc    *nats.Conn
	sub   *nats.Subscription
	inbox string
}

// pullTimeout bounds a request for work. An answer that comes later is lost until its ack wait is over.
const pullTimeout = 5 * time.Second

// A request that is answered at once, with a message or with a status.
var pullRequest = []byte(`{"batch":1,"no_wait":true}`)

// ask asks a queue for a message and returns it and when it was asked for; nil when the queue is empty, and
// nats.ErrNoResponders when there is no such queue.
func (p *puller) ask(subject string) (*nats.Msg, time.Time, error) {
	at := time.Now()
	m, err := p.request(subject)
	if err != nil && !errors.Is(err, nats.ErrNoResponders) {
		p.close() // so that a late answer is not taken for that to the next question
	}
	if err != nil {
		return nil, at, err
	}
	switch status := m.Header.Get("Status"); {
	case status == "503":
		return nil, at, nats.ErrNoResponders
	case status != "" && len(m.Data) == 0: // 404: empty; 409: the queue has just been removed
		return nil, at, nil
	}
	return m, at, nil
}

func (p *puller) request(subject string) (*nats.Msg, error) {
	if p.sub == nil {
		inbox := p.nc.NewInbox()
		sub, err := p.nc.SubscribeSync(inbox)
		if err != nil {
			return nil, err
		}
		p.sub, p.inbox = sub, inbox
	}
	if err := p.nc.PublishRequest(subject, p.inbox, pullRequest); err != nil {
		return nil, err
	}
	return p.sub.NextMsg(pullTimeout)
}

func (p *puller) close() {
	if p.sub != nil {
		p.sub.Unsubscribe() // fails with the connection only
		p.sub = nil
	}
}
