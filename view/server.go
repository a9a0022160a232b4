package view

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"volara/zarr"
)

// DefaultViewer is the public Neuroglancer.
const DefaultViewer = "https://neuroglancer-demo.appspot.com"

// A Finder returns what is to be shown, and what is wrong with the rest. It opens arrays with the cache.
type Finder func(ctx context.Context, cache *zarr.Cache) ([]Dataset, []error)

// Options say what is shown, and where.
type Options struct {
	// Find is called anew when somebody looks: what a run makes meanwhile is shown, too.
	Find Finder
	// Viewer is the address of the viewer; default DefaultViewer. Pages from there may read.
	Viewer string
	// Origins are other web origins whose pages may read, as in https://example.org; * is every one.
	Origins []string
	// CacheBytes is how much of what was decoded is kept for a while.
	CacheBytes int
	// Hosts are the names by which requests may call this machine, without ports; nil: any. A server that only this
	// machine reaches names its own, so that no web page reads by giving its own name the address of this machine.
	Hosts []string
	Log   *slog.Logger
}

// A Server serves datasets as zarr. It is safe for concurrent use and does nothing between requests.
type Server struct {
	options Options
	slots   chan struct{} // bounds open files and the memory of what is converted
	cache   *briefCache

	mu    sync.Mutex
	scene *Scene
}

// mostAtOnce bounds the requests that are worked on at once; more wait.
const mostAtOnce = 64

// NewServer returns a server. Nothing is looked for yet.
func NewServer(o Options) *Server {
	if o.Viewer == "" {
		o.Viewer = DefaultViewer
	}
	return &Server{options: o, slots: make(chan struct{}, mostAtOnce), cache: &briefCache{Cache: zarr.NewCache(o.CacheBytes)}}
}

// Look finds what there is to show by now.
func (s *Server) Look(ctx context.Context) (*Scene, error) {
	s.cache.used()
	datasets, problems := s.options.Find(ctx, s.cache.Cache)
	var layers []*Layer
	taken := map[string]bool{}
	for _, d := range datasets {
		l, err := newLayer(ctx, d)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		l.Name = freeName(d.Name, taken)
		taken[l.Name] = true
		layers = append(layers, l)
	}
	scene := newScene(layers, problems)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scene = scene
	return scene, nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// freeName returns a name for a layer that is good in a URL and not yet taken.
func freeName(name string, taken map[string]bool) string {
	name = strings.Trim(notInNames.ReplaceAllString(name, "-"), "-.")
	if name == "" || name == stateName {
		name = "layer"
	}
	free := name
	for i := 2; taken[free]; i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	return free
}

// seen returns the scene as it was last looked at.
func (s *Server) seen(ctx context.Context) (*Scene, error) {
	s.mu.Lock()
	scene := s.scene
	s.mu.Unlock()
	if scene != nil {
		return scene, nil
	}
	return s.Look(ctx)
}

// Link returns the link to the viewer that shows what there is by now; base is the URL of the Handler, with a slash at its
// end.
func (s *Server) Link(ctx context.Context, base string) (string, error) {
	scene, err := s.Look(ctx)
	if err != nil {
		return "", err
	}
	state, err := scene.State(base)
	if err != nil {
		return "", err
	}
	return Link(s.options.Viewer, state), nil
}

// stateName is the key of the viewer's state.
const stateName = "state.json"

// Handler serves, below the path that it is mounted at with http.StripPrefix,
//
//	/            a redirection to the viewer
//	/state.json  the viewer's state
//	/NAME/…      the zarr metadata and chunks of a layer
//
// mount is that path, with a slash at its end: "/" where it is not mounted anywhere.
func (s *Server) Handler(mount string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.admit(w, r) {
			return
		}
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-r.Context().Done():
			return
		}
		path := strings.TrimPrefix(r.URL.Path, "/")
		base := "http://" + r.Host + mount
		switch path {
		case "":
			link, err := s.Link(r.Context(), base)
			if err != nil {
				s.fail(w, r, "the layers", err)
				return
			}
			http.Redirect(w, r, link, http.StatusFound)
		case stateName:
			s.state(w, r, base)
		default:
			s.object(w, r, path)
		}
	})
}

func (s *Server) state(w http.ResponseWriter, r *http.Request, base string) {
	scene, err := s.Look(r.Context())
	var state []byte
	if err == nil {
		state, err = scene.State(base)
	}
	if err != nil {
		s.fail(w, r, "the state", err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(state, '\n')) //nolint:errcheck // the client is gone
}

// object serves the object of a key: the name of a layer, and a key below it.
func (s *Server) object(w http.ResponseWriter, r *http.Request, path string) {
	name, key, _ := strings.Cut(path, "/")
	scene, err := s.seen(r.Context())
	if err != nil {
		s.fail(w, r, "the layers", err)
		return
	}
	layer := scene.layer(name)
	if layer == nil {
		http.NotFound(w, r)
		return
	}
	s.cache.used()
	o, err := layer.tree.open(r.Context(), key)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		http.NotFound(w, r)
		return
	case err != nil:
		s.fail(w, r, layer.Path+", "+key, err)
		return
	}
	defer o.Close()
	w.Header().Set("ETag", o.tag)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Type", "application/octet-stream")
	if strings.HasSuffix(key, ".json") || strings.HasPrefix(key[strings.LastIndex(key, "/")+1:], ".z") {
		w.Header().Set("Content-Type", "application/json")
	}
	http.ServeContent(w, r, "", o.modified, o)
}

func (s *Scene) layer(name string) *Layer {
	for _, l := range s.Layers {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// fail logs what went wrong and tells the browser only that something did: paths are not its business.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	if r.Context().Err() != nil {
		return // nobody waits for it any more
	}
	s.options.Log.Error("cannot be served", "object", what, "error", err)
	http.Error(w, "cannot be read; the server's log says why", http.StatusInternalServerError)
}

// A briefCache is a cache that is cleared soon after it was used: what is kept must not hide for long that a run writes anew, and
// takes no memory when nobody looks.
type briefCache struct {
	*zarr.Cache

	mu  sync.Mutex
	due bool // to be cleared
}

// cacheAge is how long decoded chunks are kept at most.
const cacheAge = 20 * time.Second

// used notes that something may be put into the cache.
func (c *briefCache) used() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.due {
		return
	}
	c.due = true
	time.AfterFunc(cacheAge, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.Clear()
		c.due = false
	})
}
