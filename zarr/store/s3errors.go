package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"volara/fault"
)

// errChanged says that an object is not of the version that was to be written over.
var errChanged = errors.New("the object was changed meanwhile")

// errNoConditions says that a server cannot write under a condition.
var errNoConditions = errors.New("the server knows no conditional writes")

// meaning turns an error of the client into one of this package's.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func (s *S3) meaning(err error, hint *retryHint) error {
	if err == nil {
		return nil
	}
	r, answered := errors.AsType[minio.ErrorResponse](err)
	if _, ok := errors.AsType[passing](err); ok || errors.Is(err, ErrRange) {
		return err
	}
	if !answered || r.StatusCode == 0 && r.Code == "" {
		return ofNetwork(hideURL(err))
	}
	told := fmt.Errorf("the server answers %s (%s, status %d)", r.Message, r.Code, r.StatusCode)
	switch {
	case r.Code == "NoSuchBucket":
		return s.missingBucket()
	case isMisplaced(r) && s.options.Region == "" && r.Region != "":
		return passing{told, 0} // the client has learnt the region
	case r.Code == "PreconditionFailed" || r.StatusCode == http.StatusPreconditionFailed || r.Code == "ConditionalRequestConflict":
		return fmt.Errorf("%w: %w", told, errChanged)
	case r.StatusCode == http.StatusNotImplemented:
		return fmt.Errorf("%w: %w", told, errNoConditions)
	case r.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w: %w", told, ErrNotExist)
	case r.StatusCode == http.StatusRequestedRangeNotSatisfiable || r.Code == "InvalidRange":
		return fmt.Errorf("%w: %w", told, ErrRange)
	case r.Code == "ExpiredToken" || r.Code == "ExpiredTokenException":
		return fault.Environment(told)
	case r.Code == "AccessDenied" && s.anonymous:
		return fmt.Errorf("%w; no credentials were sent: %w", told, errForbidden)
	case r.Code == "AccessDenied":
		return fmt.Errorf("%w: %w", told, errForbidden)
	case isPassing(r.StatusCode) || isThrottling(r.Code):
		return passing{told, hint.after}
	}
	return fault.Permanent(told)
}

// isMisplaced reports whether a server tells that a bucket is in another region.
func isMisplaced(r minio.ErrorResponse) bool {
	switch r.Code {
	case "AuthorizationHeaderMalformed", "InvalidRegion", "PermanentRedirect", "TemporaryRedirect":
		return true
	}
	return false
}

// isThrottling reports whether a code asks for patience, whatever the status that comes with it.
func isThrottling(code string) bool {
	switch code {
	case "SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout", "Throttling", "ThrottlingException", "RequestThrottled",
		"RequestLimitExceeded", "InternalError", "ServiceUnavailable", "XMinioServerNotInitialized", "OperationAborted":
		return true
	}
	return false
}

// A retryHint is what the last answer to a request said about when to come again. It travels in the request's context:
// the client does not tell.
type retryHint struct{ after time.Duration }

// withIfMatch makes requests of a version of an object that the client knows no condition for: deleting. The header is
// not signed, which servers ask for only of their own headers (x-amz-…).
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
func withIfMatch(ctx context.Context, version string) context.Context {
	return context.WithValue(ctx, ifMatch{}, `"`+version+`"`)
}

type ifMatch struct{}

// A hintingTransport notes in a request's retryHint what its answer says, and adds the condition of withIfMatch.
type hintingTransport struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t hintingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if tag, ok := r.Context().Value(ifMatch{}).(string); ok && r.Method == http.MethodDelete {
		r = r.Clone(r.Context())
		r.Header.Set("If-Match", tag)
	}
	answer, err := t.RoundTripper.RoundTrip(r)
	if hint, ok := r.Context().Value(retryHint{}).(*retryHint); ok && err == nil {
		hint.after = retryAfter(answer.Header)
	}
	return answer, err
}

// untilUnchanged repeats what ended with errChanged.
func untilUnchanged(ctx context.Context, try func() error) error {
	const tries = 100
	var err error
	for n := range tries {
		if err = try(); !errors.Is(err, errChanged) {
			return err
		}
		if err := sleep(ctx, time.Duration(n)*time.Millisecond); err != nil {
			return err
		}
	}
	return fault.Environment(fmt.Errorf("%w (%d times in a row)", err, tries))
}
