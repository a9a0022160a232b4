package chaos

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The points of the programs (fault.Point), by who comes across them.
var (
	preparePoints = []string{"state.begun", "up.begun", "up.prepared"}
	trackerPoints = []string{
		"tracker.leads", "tracker.epoch", "tracker.queue", "tracker.published", "tracker.folded", "tracker.event",
		"tracker.told", "tracker.marked", "tracker.stored", "tracker.purged", "tracker.ending", "tracker.ended",
	}
	workerPoints = []string{"worker.took", "worker.noted", "worker.processed", "worker.told", "worker.acked"}
	commitPoints = []string{"array.written", "graph.written", "graph.committed", "file.written"}
	dropPoints   = []string{"drop.forgot", "drop.removed"}
)

// TestPointsAreWalked demands that every point of the programs is in the lists above and in docs/protocol.md.
func TestPointsAreWalked(t *testing.T) {
	used := map[string]bool{}
	call := regexp.MustCompile(`fault\.Point\("([^"]*)"\)`)
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range call.FindAllSubmatch(text, -1) {
			used[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	walked := slices.Concat(preparePoints, trackerPoints, workerPoints, commitPoints, dropPoints)
	slices.Sort(walked)
	if names := slices.Sorted(maps.Keys(used)); !slices.Equal(names, walked) {
		t.Errorf("the programs have the points %v\nwalked are            %v", names, walked)
	}
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range walked {
		if !strings.Contains(string(doc), "`"+p+"`") {
			t.Errorf("docs/protocol.md does not tell what follows from a crash at `%s`", p)
		}
	}
}
