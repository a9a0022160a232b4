package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// An operator hands out accounts and users, as nsc does.
type operator struct {
	t    *testing.T
	key  nkeys.KeyPair
	conf strings.Builder
}

func newOperator(t *testing.T) *operator {
	o := &operator{t: t}
	o.key, _ = pair(t, nkeys.CreateOperator)
	return o
}

func pair(t *testing.T, create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
	t.Helper()
	key, err := create()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key, public
}

// account makes an account with the given limits of JetStream, and returns its key and name.
func (o *operator) account(name string, limits jwt.JetStreamLimits) (nkeys.KeyPair, string) {
	o.t.Helper()
	key, public := pair(o.t, nkeys.CreateAccount)
	claims := jwt.NewAccountClaims(public)
	claims.Name, claims.Limits.JetStreamLimits = name, limits
	token, err := claims.Encode(o.key)
	if err != nil {
		o.t.Fatal(err)
	}
	fmt.Fprintf(&o.conf, "  %s: %q\n", public, token)
	return key, public
}

// user returns the credentials file of a user of a new account with the given limits of JetStream.
func (o *operator) user(name string, limits jwt.JetStreamLimits) string {
	o.t.Helper()
	accountKey, _ := o.account(name, limits)
	userKey, user := pair(o.t, nkeys.CreateUser)
	userToken, err := jwt.NewUserClaims(user).Encode(accountKey)
	if err != nil {
		o.t.Fatal(err)
	}
	seed, err := userKey.Seed()
	if err != nil {
		o.t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(userToken, seed)
	if err != nil {
		o.t.Fatal(err)
	}
	file := filepath.Join(o.t.TempDir(), name+".creds")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return file
}

// edit makes a configuration ask for these users' credentials instead of a token.
func (o *operator) edit(conf string) string {
	o.t.Helper()
	public, err := o.key.PublicKey()
	if err != nil {
		o.t.Fatal(err)
	}
	token, err := jwt.NewOperatorClaims(public).Encode(o.key)
	if err != nil {
		o.t.Fatal(err)
	}
	_, system := o.account("system", jwt.JetStreamLimits{})
	return cut(o.t, conf, "\nauthorization {", "}") + fmt.Sprintf("\noperator: %q\nsystem_account: "+system+"\nresolver: MEMORY\nresolver_preload {\n%s}\n", token, o.conf.String())
}

// TestCredentials demands that credentials files let processes in, and that it is said when an account may not do what a
// run needs.
func TestCredentials(t *testing.T) {
	o := newOperator(t)
	free := jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
	few, forgetful := free, free
	few.Streams = 2
	forgetful.MemoryStorage = 0
	good, without := o.user("good", free), o.user("without", jwt.JetStreamLimits{})
	tight, diskOnly := o.user("tight", few), o.user("disk-only", forgetful)
	server := natsServers(t, 1, o.edit)[0]
	stranger := newOperator(t).user("stranger", free)
	url := "nats://" + server.address()

	dir := t.TempDir()
	file := filepath.Join(dir, "pair.yaml")
	write(t, file, "tasks: [{task_type: noop, roi: [[0], [40]], block_size: [1], duration: 5ms}]\n")
	worker := exec.Command(filepath.Join(programs, "stage"), "--nats", url, "--run", "pair")
	worker.Env = append(os.Environ(), "NATS_CREDS="+good)
	begin(t, worker)
	runs(t, 0, up("--nats", url, "--creds", good, "--workers", "0", file), "all 40 blocks done")
	ends(t, worker, 0)
	runs(t, 0, command("drop", "--nats", url, "--creds", good, "--yes", file))

	runs(t, 2, up("--nats", url, file), "does not let us in")
	runs(t, 2, up("--nats", url, "--creds", stranger, file), "does not let us in")
	runs(t, 2, up("--nats", url, "--creds", filepath.Join(dir, "none.creds"), file), "none.creds")
	runs(t, 2, up("--nats", url, "--creds", without, file), "JetStream is not enabled for this account")
	runs(t, 2, up("--nats", url, "--creds", diskOnly, file), "memory")
	runs(t, 2, up("--nats", url, "--creds", tight, file), "limits", "streams")
}

// TestTLS demands that a server with a certificate of an authority of its own is reached with --ca, and without it not.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	server := natsServers(t, 1, func(conf string) string {
		conf = uncomment(t, conf, "tls")
		return strings.NewReplacer("/etc/nats/cert.pem", cert, "/etc/nats/key.pem", key).Replace(conf)
	})[0]
	url := "tls://" + natsToken + "@" + server.address()
	file := filepath.Join(dir, "one.yaml")
	write(t, file, "tasks: [{task_type: noop, roi: [[0], [10]], block_size: [1]}]\n")
	runs(t, 0, up("--nats", url, "--ca", cert, file), "all 10 blocks done")
	runs(t, 2, up("--nats", url, file), "--ca")
	runs(t, 2, up("--nats", url, "--ca", file, file), "no certificate in")
}

// certificate writes a certificate for loopback, signed by itself, and its key.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "volara-test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	secretDER, err := x509.MarshalECPrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secretDER})))
	return cert, key
}
