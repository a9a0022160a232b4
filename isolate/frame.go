package isolate

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A pipe carries messages: each is its length, 4 bytes little-endian, and as many bytes of JSON. One goroutine may
// receive, any number may send.
type pipe struct {
	in  *bufio.Reader
	buf []byte // of the message being received

	mu  sync.Mutex
	out io.Writer
}

const (
	frameHeader = 4
	// maxFrame bounds a message: a child that writes something else on its pipe is found out, not waited for.
	maxFrame = 256 << 20
)

var errNoFrame = errors.New("what came over the pipe is no message")

func newPipe(in io.Reader, out io.Writer) *pipe { return &pipe{in: bufio.NewReader(in), out: out} }

// send writes a message with one call of Write.
func (p *pipe) send(m message) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode a message to another process: %w", err)
	}
	frame := make([]byte, frameHeader, frameHeader+len(data))
	binary.LittleEndian.PutUint32(frame, uint32(len(data)))
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err = p.out.Write(append(frame, data...))
	return err
}

// receive reads the next message; io.EOF when the other side has ended between two of them.
func (p *pipe) receive() (message, error) {
	var m message
	var header [frameHeader]byte
	if _, err := io.ReadFull(p.in, header[:]); err != nil {
		return m, err
	}
	n := binary.LittleEndian.Uint32(header[:])
	if n == 0 || n > maxFrame {
		return m, fmt.Errorf("%w: %d bytes", errNoFrame, n)
	}
	if int(n) > cap(p.buf) {
		p.buf = make([]byte, n)
	}
	data := p.buf[:n]
	if _, err := io.ReadFull(p.in, data); err != nil {
		return m, fmt.Errorf("a message breaks off: %w", err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("%w: %w", errNoFrame, err)
	}
	return m, nil
}
