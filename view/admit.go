package view

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// admit answers for requests that are refused or need no more than headers, and sets those that let pages of the viewer
// read: CORS, also from a public page to this machine (Private Network Access).
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Origin")
	if s.options.Hosts != nil && !slices.Contains(s.options.Hosts, hostname(r.Host)) {
		http.Error(w, "this server goes by another name", http.StatusMisdirectedRequest)
		return false
	}
	origin := r.Header.Get("Origin")
	allowed := s.allows(origin)
	switch {
	case slices.Contains(s.options.Origins, "*"):
		h.Set("Access-Control-Allow-Origin", "*")
	case allowed:
		h.Set("Access-Control-Allow-Origin", origin)
	case origin == "":
		h.Set("Access-Control-Allow-Origin", originOf(s.options.Viewer))
	}
	if allowed {
		h.Set("Access-Control-Expose-Headers", "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified")
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if origin != "" && !allowed {
			s.options.Log.Warn("a page of another origin asks; --allow-origin would let it read", "origin", origin)
		}
		return true
	case http.MethodOptions:
		if allowed {
			h.Set("Access-Control-Allow-Methods", "GET, HEAD")
			h.Set("Access-Control-Allow-Headers", "Range, If-Match, If-None-Match, If-Range, If-Modified-Since, Cache-Control")
			h.Set("Access-Control-Max-Age", "600")
			if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
				h.Set("Access-Control-Allow-Private-Network", "true")
			}
		}
		h.Set("Allow", allowedMethods)
		w.WriteHeader(http.StatusNoContent)
		return false
	}
	h.Set("Allow", allowedMethods)
	http.Error(w, "only reading is possible", http.StatusMethodNotAllowed)
	return false
}

const allowedMethods = "GET, HEAD, OPTIONS"

// allows reports whether pages of an origin may read: those of the viewer, of this machine, and those that were named.
func (s *Server) allows(origin string) bool {
	if origin == "" {
		return false
	}
	if slices.Contains(s.options.Origins, "*") || slices.Contains(s.options.Origins, origin) || origin == originOf(s.options.Viewer) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && isLoopback(u.Hostname())
}

// originOf returns the origin of a page.
func originOf(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Reaches reports whether browsers let pages of a viewer read what is served at base without https: not those that came by
// https, unless base is the browser's own machine (W3C Mixed Content; loopback is potentially trustworthy).
func Reaches(viewer, base string) bool {
	from, err1 := url.Parse(viewer)
	to, err2 := url.Parse(base)
	return err1 != nil || err2 != nil || from.Scheme != "https" || to.Scheme == "https" || isLoopback(to.Hostname())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// hostname returns the name in a Host header.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}
