package transfer

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"volara/volume"
	"volara/zarr/store/storetest"
)

// TestCopiesThroughABucket copies an image into a bucket and back.
func TestCopiesThroughABucket(t *testing.T) {
	server := storetest.NewS3(t)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": storetest.S3Key, "AWS_SECRET_ACCESS_KEY": storetest.S3Secret,
		"AWS_REGION": "us-east-1", "HOME": t.TempDir()} {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	src, back := filepath.Join(dir, "src"), filepath.Join(dir, "back")
	bucket := "s3://" + server.Bucket + "/images/em"
	image(t, src)
	for range 2 { // the second time nothing is left to do
		if err := cp(src, bucket, Options{Format: 3}); err != nil {
			t.Fatal(err)
		}
	}
	if err := cp(src, bucket, Options{}); err == nil || !strings.Contains(err.Error(), "other options") {
		t.Error(err)
	}
	if err := cp(src, bucket+"/0", Options{}); err == nil {
		t.Error("a copy within a copy")
	}
	if err := cp(bucket, back, Options{Format: 2}); err != nil {
		t.Fatal(err)
	}
	valid(t, back, "0.4")
	for _, level := range []string{"0", "deep/1", "labels/cells/0", "labels/cells/deep/1"} {
		sameVoxels(t, contents(t, open(t, filepath.Join(back, level))), contents(t, open(t, filepath.Join(src, level))))
	}
	if err := cp(filepath.Join(src, "0"), bucket, Options{Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	n, err := volume.Find(context.Background(), bucket)
	if err != nil || n.Kind != volume.KindArray {
		t.Fatal(n, err)
	}
	if names, err := n.Where.Names(context.Background(), 10); err != nil || len(names) != 5 { // .zarray, .zattrs, the record, two channels
		t.Error(names, err)
	}
}
