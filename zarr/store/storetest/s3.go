package storetest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// S3Key and S3Secret are the only credentials that a S3Server takes.
const (
	S3Key    = "TESTKEY"
	S3Secret = "not so secret"
)

// An S3Server is an object store on the loopback interface, in memory, with one bucket.
type S3Server struct {
	*Faulty
	// URL is the endpoint, Bucket the name of the only bucket.
	URL, Bucket string
	// Public lets those read who send no credentials; nobody may list without. Set it before the first request.
	Public bool
	// Unconditional makes the server know no conditional writes. Set it before the first request.
	Unconditional bool
	// Heedless makes it pass over conditions, and say nothing of that. Set it before the first request.
	Heedless bool
	// PlainDeletes makes the server pass over the conditions of deletes. Set it before the first request.
	PlainDeletes bool
	// Before is called with each request before it is done; it may make requests itself. Set it before the first request.
	Before func(r *http.Request)
}

// NewS3 starts a server that ends with the test.
func NewS3(t testing.TB) *S3Server {
	t.Helper()
	memory := s3mem.New()
	s := &S3Server{Bucket: "test-bucket"}
	if err := memory.CreateBucket(s.Bucket); err != nil {
		t.Fatal(err)
	}
	fake := gofakes3.New(memory, gofakes3.WithLogger(gofakes3.DiscardLog()))
	s.Faulty = NewFaulty(s.guarded(fake.Server()), 1, 0)
	server := httptest.NewServer(s.Faulty)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// guarded refuses what a bucket with this server's rights refuses.
func (s *S3Server) guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth := r.Header.Get("Authorization")
		signed := strings.Contains(auth, "Credential="+S3Key+"/") && strings.Contains(auth, "Signature=")
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		conditional := r.Header.Get("If-Match") != "" || r.Header.Get("If-None-Match") != ""
		if s.Before != nil {
			s.Before(r)
		}
		if s.Heedless {
			r.Header.Del("If-Match")
			r.Header.Del("If-None-Match")
		}
		switch {
		case signed && r.Method == http.MethodDelete && !s.PlainDeletes && !s.Unconditional && changed(h, r):
			refuse(w, r, http.StatusPreconditionFailed, "PreconditionFailed")
		case signed && !reads && conditional && s.Unconditional:
			refuse(w, r, http.StatusNotImplemented, "NotImplemented")
		case signed:
			h.ServeHTTP(w, r)
		case s.Public && auth == "" && reads && r.URL.Query().Get("list-type") == "":
			answer := httptest.NewRecorder()
			if h.ServeHTTP(answer, r); answer.Code == http.StatusNotFound {
				refuse(w, r, http.StatusForbidden, "AccessDenied") // as servers do that do not tell what there is
				return
			}
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.Code)
			w.Write(answer.Body.Bytes()) //nolint:errcheck // the client may have gone
		case auth != "" && !strings.Contains(auth, "Credential="+S3Key+"/"):
			refuse(w, r, http.StatusForbidden, "InvalidAccessKeyId")
		default:
			refuse(w, r, http.StatusForbidden, "AccessDenied")
		}
	})
}

// changed reports whether an object is not of the version that a request wants: the fake server does not look at that.
func changed(h http.Handler, r *http.Request) bool {
	tag := r.Header.Get("If-Match")
	if tag == "" {
		return false
	}
	look := r.Clone(r.Context())
	look.Method = http.MethodHead
	look.Header.Del("If-Match")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, look)
	return answer.Header().Get("ETag") != tag
}
