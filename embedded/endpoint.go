package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go"
)

const tokenBytes = 24

func urlFile(dir string) string { return filepath.Join(dir, "url") }

// Connect connects to the server that runs in another process on dir (Options.Dir), with the address and the token
// found there. fs.ErrNotExist says that none runs. The caller closes the connection.
func Connect(dir, name string, opts ...nats.Option) (*nats.Conn, error) {
	url, err := os.ReadFile(urlFile(dir))
	if err != nil {
		return nil, fmt.Errorf("find the NATS server of %s: %w", dir, err)
	}
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find the token of the NATS server of %s: %w", dir, err)
	}
	opts = append([]nats.Option{nats.Name(name), nats.Token(strings.TrimSpace(string(token)))}, opts...)
	nc, err := nats.Connect(strings.TrimSpace(string(url)), opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to the NATS server of %s at %s: %w", dir, strings.TrimSpace(string(url)), err)
	}
	return nc, nil
}

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
		return "", fmt.Errorf("write the token of the NATS server: %w", err)
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
