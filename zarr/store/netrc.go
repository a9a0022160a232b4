package store

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// netrcUser returns the user and password for a host in the file that NETRC names, or ~/.netrc; nil when there are none.
// Format: https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
func netrcUser(host string) *url.Userinfo {
	file := os.Getenv("NETRC")
	if file == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		file = filepath.Join(home, ".netrc")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return parseNetrc(string(text), host)
}

// parseNetrc finds the first entry of a host, or the default one behind it.
func parseNetrc(text, host string) *url.Userinfo {
	user, password, mine := "", "", false
	words := strings.Fields(withoutMacros(text))
	for i := 0; i < len(words); i++ {
		argument := ""
		if i+1 < len(words) {
			argument = words[i+1]
		}
		switch words[i] {
		case "default", "machine":
			if mine {
				return url.UserPassword(user, password)
			}
			mine = words[i] == "default" || argument == host
			if words[i] == "machine" {
				i++
			}
		case "login", "password", "account":
			i++
			if mine && words[i-1] == "login" {
				user = argument
			} else if mine && words[i-1] == "password" {
				password = argument
			}
		}
	}
	if !mine {
		return nil
	}
	return url.UserPassword(user, password)
}

// withoutMacros leaves out comments and the definitions of macros, which end at an empty line.
func withoutMacros(text string) string {
	var kept []string
	inMacro := false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case inMacro:
			inMacro = trimmed != ""
		case strings.HasPrefix(trimmed, "#"):
		case strings.HasPrefix(trimmed, "macdef"):
			inMacro = true
		default:
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
