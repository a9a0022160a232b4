package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"volara/fault"
)

const tokenBytes = 24

// How long and how often a server that went is looked for.
const (
	patience      = 10 * time.Minute
	reconnectWait = 250 * time.Millisecond
)

func urlFile(dir string) string { return filepath.Join(dir, "url") }

// Connect connects to the server that runs in another process on dir (Options.Dir), with the address and the token
// found there. fs.ErrNotExist says that none runs. The caller closes the connection. When the server goes, its successor
// on dir is looked for, at whatever address it has, for ten minutes.
func Connect(dir, name string, opts ...nats.Option) (*nats.Conn, error) {
	address, err := os.ReadFile(urlFile(dir))
	if err != nil {
		return nil, fmt.Errorf("find the NATS server of %s: %w", dir, err)
	}
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find the token of the NATS server of %s: %w", dir, err)
	}
	opts = append([]nats.Option{nats.Name(name), nats.Token(strings.TrimSpace(string(token))), nats.SetCustomDialer(dialer{dir}),
		nats.ReconnectWait(reconnectWait), nats.MaxReconnects(int(patience / reconnectWait))}, opts...)
	nc, err := nats.Connect(strings.TrimSpace(string(address)), opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to the NATS server of %s at %s: %w", dir, strings.TrimSpace(string(address)), err)
	}
	return nc, nil
}

// A dialer finds the server of a directory where it is now: one that was started again may have another port.
type dialer struct{ dir string }

// Dial implements nats.CustomDialer. The address is where the server was at first.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	text, err := os.ReadFile(urlFile(d.dir))
	if err != nil {
		return nil, fmt.Errorf("find the NATS server of %s: %w", d.dir, err)
	}
	if u, err := url.Parse(strings.TrimSpace(string(text))); err == nil && u.Host != "" {
		address = u.Host
	}
	return net.DialTimeout(network, address, dialTimeout)
}

const dialTimeout = 2 * time.Second

// loadToken reads the token of an earlier server, so that workers find their way back, or makes one. A token that
// others could read is replaced.
func loadToken(path string) (string, error) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm() == 0o600 {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("read the token of the NATS server: %w", err)
		}
		if token := strings.TrimSpace(string(data)); len(token) == 2*tokenBytes {
			return token, nil
		}
	}
	secret := make([]byte, tokenBytes)
	rand.Read(secret) // never fails
	token := hex.EncodeToString(secret)
	if err := writeFile(path, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write the token of the NATS server: %w", fault.FromOS(err))
	}
	return token, nil
}

// writeFile replaces a file as a whole.
func writeFile(path string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
