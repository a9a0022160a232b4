package pipeline

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"volara/embedded"
)

// A Server says where a run is kept: in the embedded server of a state directory, or in an external one.
type Server struct {
	// StateDir holds what is kept of runs as files: status, events, journals, logs; and the embedded server's store.
	StateDir string
	// URL of an external NATS server, or of several of one cluster, separated by commas; user and password, or a token,
	// may stand in it. Empty: the embedded server.
	URL   string
	Creds string // file of credentials (JWT and seed) for an external server
	CA    string // file of certificates by which an external server is known; empty: those of the system
	// Replicas is by how many servers of a cluster the streams of a run are held; 0: as they are, new ones by one.
	Replicas int
	// Listen is the address of the embedded server; empty: loopback, any port.
	Listen string
}

// External reports whether the server is not the embedded one.
func (s Server) External() bool { return s.URL != "" }

// Check reports what cannot be in a Server.
func (s Server) Check() error {
	switch {
	case s.Replicas < 0 || s.Replicas > 5:
		return inputErrorf("--replicas %d: 1 to 5 are possible", s.Replicas)
	case s.External() && s.Listen != "":
		return inputErrorf("--listen is for the embedded server; --nats names an external one, which workers reach by its own address")
	case !s.External() && s.Replicas > 1:
		return inputErrorf("--replicas %d needs a cluster: name it with --nats", s.Replicas)
	case !s.External():
		return checkListen(s.Listen)
	}
	for _, address := range strings.Split(s.URL, ",") {
		if err := checkURL(strings.TrimSpace(address)); err != nil {
			return &InputError{fmt.Errorf("--nats %s: %w", Redacted(s.URL), err)}
		}
	}
	return nil
}

func checkURL(address string) error {
	if !strings.Contains(address, "://") {
		address = "nats://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("not a list of URLs, nats://HOST:PORT,…") // the error would tell the password
	case u.Host == "":
		return errors.New("a URL without a host; nats://HOST:PORT,… is expected")
	}
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
		return nil
	}
	return fmt.Errorf("NATS is not reached by %s://, but by nats://, tls://, ws:// or wss://", u.Scheme)
}

// Connect connects to the external server, or to the embedded one that another process runs on the state directory.
// One to an external server comes back by itself, however long it takes. The caller closes it.
func (s Server) Connect(name string) (*nats.Conn, error) {
	if !s.External() {
		return embedded.Connect(filepath.Join(s.StateDir, "nats"), name)
	}
	options, err := s.credentials()
	if err != nil {
		return nil, &InputError{err}
	}
	nc, err := nats.Connect(s.URL, append(options, nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond),
		nats.Timeout(5*time.Second), nats.PingInterval(5*time.Second), nats.MaxPingsOutstanding(2))...)
	if err != nil {
		return nil, &InputError{s.connectError(err)}
	}
	return nc, nil
}

// credentials returns how to prove who we are, and how the server does.
func (s Server) credentials() ([]nats.Option, error) {
	var options []nats.Option
	if s.Creds != "" {
		if err := checkCreds(s.Creds); err != nil {
			return nil, err
		}
		options = append(options, nats.UserCredentials(s.Creds))
	} else if token := s.token(); token != "" {
		options = append(options, nats.Token(token))
	}
	if s.CA != "" {
		pem, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, fmt.Errorf("the certificates (--ca): %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the certificates (--ca): no certificate in %s; a PEM file is expected", s.CA)
		}
		options = append(options, nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	}
	return options, nil
}

// token returns the token of the embedded server of the state directory, in case the URL is that server's; "" when there
// is none.
func (s Server) token() string {
	if s.StateDir == "" || strings.Contains(s.URL, "@") {
		return ""
	}
	token, err := os.ReadFile(filepath.Join(s.StateDir, "nats", "token"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(token))
}

func checkCreds(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the credentials (--creds, NATS_CREDS): %w", err)
	}
	_, err = nkeys.ParseDecoratedUserNKey(text)
	if err == nil {
		_, err = nkeys.ParseDecoratedJWT(text)
	}
	if err != nil {
		return fmt.Errorf("the credentials (--creds, NATS_CREDS): %s does not hold a user's JWT and seed (%w); a .creds file is expected, as nsc writes it", path, err)
	}
	return nil
}

// connectError says why there is no connection, and what to do.
func (s Server) connectError(err error) error {
	at := Redacted(s.URL)
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrAccountAuthExpired), strings.Contains(err.Error(), "nkeys not supported"):
		return fmt.Errorf("%s does not let us in (%w): give it a user and password or a token in the URL (nats://USER:PASSWORD@HOST:PORT, nats://TOKEN@HOST:PORT), or a credentials file with --creds; the token of an embedded server is in its state directory (--state)", at, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("connect to %s: %w", at, err)
	}
	if u := (x509.UnknownAuthorityError{}); errors.As(err, &u) {
		return fmt.Errorf("connect to %s: %w; name the file of the certificate's authority with --ca", at, err)
	}
	return fmt.Errorf("%s cannot be reached (%w): is the server running there, and the address right? an embedded server is reached from other hosts only when `volara up` has --listen", at, err)
}

// Redacted leaves tokens and passwords out of a list of URLs.
func Redacted(addresses string) string {
	var out []string
	for _, address := range strings.Split(addresses, ",") {
		if at := strings.LastIndex(address, "@"); at >= 0 {
			scheme, _, found := strings.Cut(address, "://")
			if !found {
				scheme = "nats"
			}
			address = scheme + "://…" + address[at:]
		}
		out = append(out, address)
	}
	return strings.Join(out, ",")
}
