package store_test

import (
	"strings"
	"testing"

	"volara/zarr/store"
)

func TestParseLocation(t *testing.T) {
	for text, want := range map[string]string{
		"/data/v.zarr/raw":                          "file /data/v.zarr/raw",
		"/data//v.zarr/":                            "file /data/v.zarr",
		"file:///data/v.zarr":                       "file /data/v.zarr",
		"/data/a::b|c":                              "file /data/a::b|c",
		"https://host/v.zarr/":                      "https https://host/v.zarr",
		"HTTPS://me:hush@host:8080/v?sig=hush#frag": "https https://host:8080/v?…",
		"s3://bucket/v.zarr/raw/":                   "s3 s3://bucket/v.zarr/raw",
		"s3://bucket":                               "s3 s3://bucket",
		"zip::/data/v.zip":                          "file zip /data/v.zip",
		"zip://raw/s0::s3://bucket/v.zip":           "s3 zip s3://bucket/v.zip/raw/s0",
		"s3://bucket/v.zip|zip:raw|zarr3:s0":        "s3 zip s3://bucket/v.zip/raw/s0",
		"https://host/v.zip|zip:":                   "https zip https://host/v.zip",
		"https://host/v.zarr|zarr2:":                "https https://host/v.zarr",
		"/data/v.zarr|zarr:raw":                     "file /data/v.zarr/raw",
	} {
		l, err := store.ParseLocation(text)
		got := l.Scheme + " "
		if l.Zip {
			got += "zip "
		}
		if got += l.String(); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
		again, err := store.ParseLocation(l.Canonical())
		if err != nil || again.String() != l.String() || again.Canonical() != l.Canonical() {
			t.Errorf("%s is %s, which is %s, %v", text, l.Canonical(), again, err)
		}
	}
	if l, err := store.ParseLocationIn("/base", "zip::v.zip"); err != nil || l.Canonical() != "/base/v.zip" {
		t.Errorf("in a folder: %v, %v", l, err)
	}
	for text, hint := range map[string]string{
		"": "empty", "gs://bucket/v.zarr": "https://storage.googleapis.com/bucket/v.zarr", "ftp://host/a": "ftp:// is not supported",
		"s3://": "bucket", "s3:///v": "bucket", "s3://key:hush@bucket/v": "credentials", "s3://bucket/a//b": "path of names",
		"s3://bucket/../b": "path of names", "https:///v": "host", "https://me:hush@ho st/": "not well formed",
		"simplecache::s3://bucket/v": "simplecache", "zip://a::ftp://b": "ftp", "az://c/v": "az",
		"s3://b/v|n5:|zarr:": "n5",
	} {
		if l, err := store.ParseLocation(text); err == nil || !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v, %v", text, l, err)
		}
	}
}
