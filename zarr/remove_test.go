package zarr

import (
	"context"
	"errors"
	"testing"

	"volara/fault"
	"volara/nd"
	"volara/zarr/store"
)

// A failingStore cannot be read for the time being, but listed.
type failingStore struct{ store.Store }

func (s failingStore) Get(context.Context, string) ([]byte, error) {
	return nil, fault.Environment(errors.New("the server is busy"))
}

// TestRemoveWhileTheServerFails removes an array whose metadata cannot be read: that is no reason to say that it is none.
func TestRemoveWhileTheServerFails(t *testing.T) {
	s := store.NewMemory()
	if _, err := CreateStore(t.Context(), s, "a/", Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Uint8}); err != nil {
		t.Fatal(err)
	}
	if err := removeNode(t.Context(), &store.Node{Store: failingStore{s}, Prefix: "a/"}); !fault.IsEnvironment(err) || fault.IsPermanent(err) {
		t.Errorf("%v", err)
	}
	if err := removeNode(t.Context(), &store.Node{Store: s, Prefix: "a/"}); err != nil {
		t.Error(err)
	}
	for e := range s.List(t.Context(), "") {
		t.Errorf("%s is left", e.Key)
	}
}
