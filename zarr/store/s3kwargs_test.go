package store_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"volara/zarr/store"
)

func TestParseS3Kwargs(t *testing.T) {
	type m = map[string]any
	for name, c := range map[string]struct {
		kwargs m
		want   store.S3Options
	}{
		"none":      {nil, store.S3Options{}},
		"anonymous": {m{"anon": true, "client_kwargs": m{"endpoint_url": "https://s3.lab:9000"}}, store.S3Options{Anonymous: true, Endpoint: "https://s3.lab:9000"}},
		"signed": {m{"key": "k", "secret": "s", "token": nil, "endpoint_url": "s3.lab", "use_ssl": false, "default_block_size": int64(5)},
			store.S3Options{Key: "k", Secret: "s", Endpoint: "http://s3.lab"}},
		"as boto's": {m{"client_kwargs": m{"region_name": "eu-west-1", "aws_access_key_id": "k", "aws_secret_access_key": "s", "verify": false},
			"config_kwargs":        m{"s3": m{"addressing_style": "path"}, "retries": m{"max_attempts": 3}, "read_timeout": 7.0, "signature_version": "s3v4"},
			"s3_additional_kwargs": m{"ACL": "private"}, "requester_pays": true, "profile": "lab"},
			store.S3Options{Region: "eu-west-1", Key: "k", Secret: "s", Unverified: true, Addressing: "path", Profile: "lab", RequesterPays: true,
				Headers: map[string]string{"x-amz-acl": "private"}, Retry: store.Retry{Tries: 3, Stall: 7 * time.Second}}},
	} {
		if got, err := store.ParseS3Kwargs(c.kwargs); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for text, kwargs := range map[string]m{
		"anon: true or false":       {"anon": "hush"},
		"endpoint_url: a text":      {"endpoint_url": int64(5)},
		"hedgehog is not supported": {"hedgehog": "hush"},
		"belong together":           {"key": "hush"},
		"not of the form":           {"endpoint_url": "https://me:hush@s3.lab"},
		"needs an endpoint_url":     {"use_ssl": false},
		"a mapping":                 {"client_kwargs": "hush"},
		"addressing_style":          {"config_kwargs": m{"s3": m{"addressing_style": "odd"}}},
		"client_kwargs.hedgehog":    {"client_kwargs": m{"hedgehog": "hush"}},
		"config_kwargs.hedgehog":    {"config_kwargs": m{"hedgehog": "hush"}},
		"version_aware":             {"version_aware": true},
		"only s3v4":                 {"config_kwargs": m{"signature_version": "s3"}},
		"max_attempts":              {"config_kwargs": m{"retries": m{"max_attempts": "many"}}},
	} {
		if o, err := store.ParseS3Kwargs(kwargs); err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v: %v, %v", kwargs, o, err)
		}
	}
}
