package store

import "testing"

func TestParseNetrc(t *testing.T) {
	const text = "# mine\nmachine a.org login me password hush\nmacdef init\nmachine evil login x\n\nmachine b.org\n\tlogin you\n\taccount z\n\tpassword machine\n\ndefault login anonymous password guest\n"
	for host, want := range map[string]string{"a.org": "me:hush", "b.org": "you:machine", "evil": "anonymous:guest", "": "anonymous:guest"} {
		if got := parseNetrc(text, host); got == nil || got.String() != want {
			t.Errorf("%q: %v, want %s", host, got, want)
		}
	}
	for _, text := range []string{"", "machine", "machine a.org login", "password", "default password"} {
		if got := parseNetrc(text, "c.org"); got != nil && got.Username() != "" {
			t.Errorf("%q: %v", text, got)
		}
	}
}
