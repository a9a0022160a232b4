package config

import (
	"regexp"
	"strings"
)

var (
	intPattern   = regexp.MustCompile(`^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$`)
	floatPattern = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
)

// resolve returns the kind of a plain scalar by YAML 1.2's core schema.
func resolve(text string) Kind {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return Null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return Bool
	}
	switch {
	case intPattern.MatchString(text):
		return Int
	case floatPattern.MatchString(text), notFinite(text):
		return Float
	}
	return String
}

// notFinite reports whether text is one of YAML's infinities or not-a-number.
func notFinite(text string) bool {
	switch strings.TrimLeft(text, "+-") {
	case ".inf", ".Inf", ".INF":
		return true
	}
	switch text {
	case ".nan", ".NaN", ".NAN":
		return true
	}
	return false
}
