package view

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"volara/zarr"
)

// DefaultViewer is the public Neuroglancer.
const DefaultViewer = "https://neuroglancer-demo.appspot.com"

// A Finder returns what is to be shown, and what is wrong with the rest. It opens arrays with the options, which bound what
// reading them takes.
type Finder func(ctx context.Context, opening ...zarr.Option) ([]Dataset, []error)

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
	// MemoryBytes is how much the chunks that are decoded at once may take, for all requests together; default
	// DefaultMemory.
	MemoryBytes int64
	// Hosts are the names by which requests may call this machine, without ports; nil: any. A server that only this
	// machine reaches names its own, so that no web page reads by giving its own name the address of this machine.
	Hosts []string
	Log   *slog.Logger
}

// DefaultMemory is how much the chunks that are decoded at once may take, in bytes.
const DefaultMemory = 1 << 30

// A Server serves datasets as zarr. It is safe for concurrent use and does nothing between requests.
type Server struct {
	options Options
	slots   chan struct{} // bounds open files and the memory of what is converted
	cache   *briefCache
	opening []zarr.Option // of all arrays

	mu    sync.Mutex
	names names
	scene *Scene
}

// mostAtOnce bounds the requests that are worked on at once; more wait.
const mostAtOnce = 64

// NewServer returns a server. Nothing is looked for yet.
func NewServer(o Options) *Server {
	if o.Viewer == "" {
		o.Viewer = DefaultViewer
	}
	if o.MemoryBytes == 0 {
		o.MemoryBytes = DefaultMemory
	}
	cache := &briefCache{Cache: zarr.NewCache(o.CacheBytes)}
	return &Server{options: o, slots: make(chan struct{}, mostAtOnce), cache: cache,
		opening: []zarr.Option{zarr.Cached(cache.Cache), zarr.Bounded(o.MemoryBytes)}}
}

// Look finds what there is to show by now.
func (s *Server) Look(ctx context.Context) (*Scene, error) {
	s.cache.used()
	datasets, problems := s.options.Find(ctx, s.opening...)
	s.mu.Lock()
	called := s.names.of(datasets)
	s.mu.Unlock()
	var layers []*Layer
	for i, d := range datasets {
		d.Name = called[i]
		l, err := newLayer(ctx, d)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		s.remark(l)
		layers = append(layers, l)
	}
	scene := newScene(layers, problems)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scene = scene
	return scene, nil
}

// remark notes what the server's bounds mean for a layer.
func (s *Server) remark(l *Layer) {
	if l.Converted == "" {
		return // nothing is decoded
	}
	largest := l.largestChunk()
	switch {
	case largest > s.options.MemoryBytes:
		l.Notes = append(l.Notes, fmt.Sprintf("its chunks are of %d MiB, and %d MiB may be taken (--memory): they may not be shown", largest>>20, s.options.MemoryBytes>>20))
	case largest > int64(s.options.CacheBytes):
		l.Notes = append(l.Notes, fmt.Sprintf("its chunks are of %d MiB, and %d MiB are kept (--cache): they are decoded again for each part that is shown", largest>>20, s.options.CacheBytes>>20))
	}
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
			s.lead(w, r, base)
		case stateName:
			s.state(w, r, base)
		default:
			s.object(w, r, path)
		}
	})
}

// lead leads to the viewer, or says why it could not read from here.
func (s *Server) lead(w http.ResponseWriter, r *http.Request, base string) {
	if !Reaches(s.options.Viewer, base) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "Browsers do not let pages of %s read from %s, which is neither https nor your own machine. Reach the server as\n"+
			"127.0.0.1 through ssh -L, as volara says where it was started, and open that address.\n", originOf(s.options.Viewer), base)
		return
	}
	link, err := s.Link(r.Context(), base)
	if err != nil {
		s.fail(w, r, "the layers", err)
		return
	}
	http.Redirect(w, r, link, http.StatusFound)
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
