package sqlite_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"volara/graph"
	"volara/graph/graphtest"
	"volara/graph/sqlite"
)

func TestStore(t *testing.T) {
	var folders sync.Map
	graphtest.Run(t, func(t testing.TB, name string, schema graph.Schema) (graph.Store, error) {
		folder, ok := folders.Load(t.Name())
		if !ok {
			folder, _ = folders.LoadOrStore(t.Name(), t.TempDir())
		}
		path := filepath.Join(folder.(string), name+".sqlite")
		return sqlite.Open(context.Background(), path, schema, sqlite.Options{Create: true})
	})
}
