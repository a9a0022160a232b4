package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ParseS3Kwargs reads the arguments of an s3fs.S3FileSystem, as Volara's s3_kwargs holds them. Those that tune s3fs are
// passed over; those that would mean something else here are refused by name. Errors hold no values: they may be secret.
// Source: https://s3fs.readthedocs.io/en/latest/api.html
func ParseS3Kwargs(kwargs map[string]any) (S3Options, error) {
	var o S3Options
	secure := true
	k := kwargsReader{}
	for _, name := range slices.Sorted(maps.Keys(kwargs)) {
		v := kwargs[name]
		switch name {
		case "anon":
			k.read(name, v, &o.Anonymous)
		case "endpoint_url":
			k.read(name, v, &o.Endpoint)
		case "key", "username":
			k.read(name, v, &o.Key)
		case "secret", "password":
			k.read(name, v, &o.Secret)
		case "token":
			k.read(name, v, &o.Token)
		case "use_ssl":
			k.read(name, v, &secure)
		case "profile":
			k.read(name, v, &o.Profile)
		case "requester_pays":
			k.read(name, v, &o.RequesterPays)
		case "client_kwargs":
			k.client(v, &o, &secure)
		case "config_kwargs":
			k.config(v, &o)
		case "s3_additional_kwargs":
			k.additional(v, &o)
		case "version_aware", "asynchronous":
			asked := false
			if k.read(name, v, &asked); asked {
				k.fail("%s: true is not supported", name)
			}
		case "default_block_size", "default_fill_cache", "default_cache_type", "cache_regions", "max_concurrency", "use_listings_cache",
			"listings_expiry_time", "max_paths", "skip_instance_cache", "fixed_upload_size", "local_expiry_check":
		default:
			k.fail("%s is not supported; anon, endpoint_url, key, secret, token, profile, use_ssl, requester_pays, client_kwargs, config_kwargs and s3_additional_kwargs are", name)
		}
	}
	if o.Endpoint != "" && !strings.Contains(o.Endpoint, "://") {
		o.Endpoint = map[bool]string{true: "https://", false: "http://"}[secure] + o.Endpoint
	} else if o.Endpoint == "" && !secure {
		k.fail("use_ssl: false needs an endpoint_url")
	}
	if o.Endpoint != "" {
		_, err := parseEndpoint(o.Endpoint)
		k.errs = append(k.errs, err)
	}
	if (o.Key == "") != (o.Secret == "") {
		k.fail("key and secret belong together; give both or neither")
	}
	_, err := o.lookup()
	return o, errors.Join(append(k.errs, err)...)
}

// kwargsReader collects what is wrong with arguments.
type kwargsReader struct{ errs []error }

func (k *kwargsReader) fail(format string, args ...any) {
	k.errs = append(k.errs, fmt.Errorf(format, args...))
}

// read sets to, a pointer to a string or a bool, to a value; null leaves it.
func (k *kwargsReader) read(name string, v any, to any) {
	ok := v == nil
	switch to := to.(type) {
	case *string:
		if s, is := v.(string); is {
			*to, ok = s, true
		}
		if !ok {
			k.fail("%s: a text is expected", name)
		}
	case *bool:
		if b, is := v.(bool); is {
			*to, ok = b, true
		}
		if !ok {
			k.fail("%s: true or false is expected", name)
		}
	}
}

// mapping returns a value that is a mapping; null is an empty one.
func (k *kwargsReader) mapping(name string, v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		k.fail("%s: a mapping is expected", name)
	}
	return m
}

// client reads the arguments of botocore's create_client.
func (k *kwargsReader) client(v any, o *S3Options, secure *bool) {
	for name, v := range k.mapping("client_kwargs", v) {
		switch full := "client_kwargs." + name; name {
		case "endpoint_url":
			k.read(full, v, &o.Endpoint)
		case "region_name":
			k.read(full, v, &o.Region)
		case "aws_access_key_id":
			k.read(full, v, &o.Key)
		case "aws_secret_access_key":
			k.read(full, v, &o.Secret)
		case "aws_session_token":
			k.read(full, v, &o.Token)
		case "use_ssl":
			k.read(full, v, secure)
		case "verify":
			if file, ok := v.(string); ok {
				o.CAFile = file
				continue
			}
			verify := true
			k.read(full, v, &verify)
			o.Unverified = !verify
		default:
			k.fail("%s is not supported", full)
		}
	}
}

// config reads the arguments of botocore's Config.
func (k *kwargsReader) config(v any, o *S3Options) {
	for name, v := range k.mapping("config_kwargs", v) {
		switch full := "config_kwargs." + name; name {
		case "region_name":
			k.read(full, v, &o.Region)
		case "signature_version":
			version := ""
			if k.read(full, v, &version); version != "" && version != "s3v4" && version != "v4" {
				k.fail("%s: only s3v4 is supported", full)
			}
		case "s3":
			for name, v := range k.mapping(full, v) {
				switch name {
				case "addressing_style":
					k.read(full+"."+name, v, &o.Addressing)
				case "payload_signing_enabled", "us_east_1_regional_endpoint":
				default:
					k.fail("%s.%s is not supported", full, name)
				}
			}
		case "retries":
			m := k.mapping(full, v)
			for _, name := range []string{"max_attempts", "total_max_attempts"} {
				if n, ok := wholeNumber(m[name]); ok && n >= 0 && n <= 100 {
					o.Retry.Tries = max(n, 1)
				} else if m[name] != nil {
					k.fail("%s.%s: a number from 0 to 100 is expected", full, name)
				}
			}
		case "read_timeout":
			if n, ok := wholeNumber(v); ok && n > 0 && n <= 3600 {
				o.Retry.Stall = time.Duration(n) * time.Second
			} else if v != nil {
				k.fail("%s: seconds from 1 to 3600 are expected", full)
			}
		case "connect_timeout", "max_pool_connections", "tcp_keepalive", "request_checksum_calculation", "response_checksum_validation":
		default:
			k.fail("%s is not supported", full)
		}
	}
}

// additional reads arguments of every upload.
func (k *kwargsReader) additional(v any, o *S3Options) {
	headers := map[string]string{
		"ServerSideEncryption": "x-amz-server-side-encryption", "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
		"ACL": "x-amz-acl", "StorageClass": "x-amz-storage-class",
	}
	for name, v := range k.mapping("s3_additional_kwargs", v) {
		header, text := headers[name], ""
		if header == "" {
			k.fail("s3_additional_kwargs.%s is not supported; %s are", name, strings.Join(slices.Sorted(maps.Keys(headers)), ", "))
			continue
		}
		if k.read("s3_additional_kwargs."+name, v, &text); text != "" {
			if o.Headers == nil {
				o.Headers = map[string]string{}
			}
			o.Headers[header] = text
		}
	}
}

// wholeNumber returns a number that a decoder of YAML or JSON has made, in any of its types.
func wholeNumber(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	case uint64:
		return int(n), n < 1<<31
	case float64:
		return int(n), n == float64(int(n))
	case fmt.Stringer: // json.Number and its like
		var i int
		_, err := fmt.Sscan(n.String(), &i)
		return i, err == nil
	}
	return 0, false
}
