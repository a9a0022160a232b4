package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"volara/fault"
)

// S3Options are the choices for an S3. What is not given is taken from the environment as Amazon's own tools do: see
// docs/pipeline.md. They hold secrets and print without them.
type S3Options struct {
	// Endpoint is the URL of the server; "" means AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's endpoint_url, or
	// Amazon's own.
	Endpoint string
	// Region is the bucket's; "" means AWS_REGION, AWS_DEFAULT_REGION, the profile's, or what the server tells.
	Region string
	// Anonymous sends no credentials.
	Anonymous bool
	// Key, Secret and Token are credentials; without them those of Profile and of the environment are used, and where
	// there are none at all, none are sent.
	Key, Secret, Token string
	// Profile is the section of the shared configuration files; "" means AWS_PROFILE, or "default".
	Profile string
	// Addressing is "path", "virtual" (the bucket is part of the host's name) or "", which is virtual at Amazon's and path
	// elsewhere.
	Addressing string
	// Unverified accepts any certificate.
	Unverified bool
	// CAFile holds certificates to trust instead of the system's; "" means AWS_CA_BUNDLE, or the system's.
	CAFile string
	// RequesterPays agrees to pay for what is read.
	RequesterPays bool
	// Headers are sent with every object that is written, such as x-amz-server-side-encryption.
	Headers map[string]string
	// Retry says how requests are repeated.
	Retry Retry
}

// String hides the secrets.
func (o S3Options) String() string {
	return fmt.Sprintf("s3 at %s, region %q", shownText(o.Endpoint), o.Region)
}

// GoString hides the secrets.
func (o S3Options) GoString() string { return o.String() }

const requestPayer = "x-amz-request-payer"

func (o *S3Options) reading() minio.GetObjectOptions {
	var r minio.GetObjectOptions
	if o.RequesterPays {
		r.Set(requestPayer, "requester")
	}
	return r
}

func (o *S3Options) writing() minio.PutObjectOptions {
	return minio.PutObjectOptions{DisableMultipart: true, ContentType: "application/octet-stream", UserMetadata: o.Headers}
}

// OpenS3 returns the store in a bucket. It asks the server nothing; it may ask the environment for credentials.
func OpenS3(ctx context.Context, bucket string, options S3Options) (*S3, error) {
	s := &S3{bucket: bucket, options: options}
	s.options.Retry = options.Retry.orDefault()
	profile, err := loadProfile(options.Profile)
	if err != nil {
		return nil, err
	}
	s.options.Region = firstOf(options.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), profile.region)
	endpoint, err := parseEndpoint(firstOf(options.Endpoint, os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"),
		profile.endpoint, amazon))
	if err != nil {
		return nil, err
	}
	region := s.options.Region
	if region == "" && !strings.HasSuffix(endpoint.Hostname(), ".amazonaws.com") {
		region = "us-east-1" // what servers expect that have no regions
	}
	if s.transport, err = s.options.transport(); err != nil {
		return nil, err
	}
	lookup, err := s.options.lookup()
	if err != nil {
		return nil, err
	}
	keys, err := s.options.credentials(ctx, profile)
	if err != nil {
		return nil, err
	}
	if s.anonymous = keys == nil; s.anonymous {
		keys = credentials.NewStatic("", "", "", credentials.SignatureAnonymous)
	}
	s.client.Client, err = minio.New(endpoint.Host, &minio.Options{Creds: keys, Secure: endpoint.Scheme == "https", Region: region,
		BucketLookup: lookup, Transport: hintingTransport{s.transport}, MaxRetries: 1})
	if err != nil {
		return nil, fault.Permanent(fmt.Errorf("the S3 endpoint %s: %w", endpoint.Redacted(), err))
	}
	return s, nil
}

const amazon = "https://s3.amazonaws.com"

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return nil, fault.Permanent(fmt.Errorf("the S3 endpoint %q is not of the form https://host or http://host:port", shownText(text)))
	}
	return u, nil
}

// shownText is a URL for people, without what may be secret.
func shownText(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(no URL)"
	}
	return shown(u)
}

func (o *S3Options) lookup() (minio.BucketLookupType, error) {
	switch o.Addressing {
	case "", "auto":
		return minio.BucketLookupAuto, nil
	case "path":
		return minio.BucketLookupPath, nil
	case "virtual":
		return minio.BucketLookupDNS, nil
	}
	return 0, fault.Permanent(fmt.Errorf("addressing_style is %q; path, virtual and auto are known", o.Addressing))
}

func (o *S3Options) transport() (*http.Transport, error) {
	t := newTransport()
	file := firstOf(o.CAFile, os.Getenv("AWS_CA_BUNDLE"))
	if !o.Unverified && file == "" {
		return t, nil
	}
	t.TLSClientConfig = &tls.Config{InsecureSkipVerify: o.Unverified} //nolint:gosec // asked for
	if file == "" {
		return t, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificates to trust: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fault.Permanent(fmt.Errorf("certificates to trust: %s holds none", file))
	}
	t.TLSClientConfig.RootCAs = pool
	return t, nil
}

// credentials finds what requests are signed with; nil: nothing.
func (o *S3Options) credentials(ctx context.Context, profile awsProfile) (*credentials.Credentials, error) {
	switch {
	case o.Anonymous:
		return nil, nil
	case (o.Key == "") != (o.Secret == ""):
		return nil, fault.Permanent(errors.New("S3 credentials: give key and secret, or neither"))
	case o.Key != "":
		return credentials.NewStaticV4(o.Key, o.Secret, o.Token), nil
	}
	file := &credentials.FileAWSCredentials{Profile: profile.name}
	providers := []credentials.Provider{&credentials.EnvAWS{}, file}
	if o.Profile != "" { // named here, it goes before the environment
		providers = []credentials.Provider{file}
	} else if hasRole() {
		providers = append(providers, &credentials.IAM{Client: &http.Client{Timeout: 5 * time.Second}})
	}
	keys := credentials.NewChainCredentials(providers)
	value, err := keys.GetWithContext(&credentials.CredContext{Client: http.DefaultClient, Context: ctx})
	if err != nil {
		return nil, fmt.Errorf("S3 credentials: %w", err)
	}
	if !value.SignerType.IsAnonymous() {
		return keys, nil
	}
	if profile.named {
		return nil, fault.Permanent(fmt.Errorf("S3 credentials: the profile %q has none; use aws configure, or another AWS_PROFILE", profile.name))
	}
	return nil, nil
}

// hasRole reports whether the machine may have a role of its own whose credentials can be asked for: a container's, a
// pod's, or that of one of Amazon's virtual machines. Elsewhere the question would take seconds to go unanswered.
func hasRole() bool {
	for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	if strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return false
	}
	vendor, err := os.ReadFile("/sys/class/dmi/id/sys_vendor")
	return err == nil && strings.HasPrefix(string(vendor), "Amazon EC2")
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
