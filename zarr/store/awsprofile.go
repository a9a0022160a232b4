package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gopkg.in/ini.v1"
)

// An awsProfile is a section of Amazon's shared configuration files.
// Format: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
type awsProfile struct {
	name             string
	named            bool // somebody has asked for it
	region, endpoint string
}

// loadProfile reads a profile; "" means AWS_PROFILE, or "default". Files or a profile that are not there are empty.
func loadProfile(name string) (awsProfile, error) {
	p := awsProfile{name: firstOf(name, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"))}
	if p.named = p.name != ""; !p.named {
		p.name = "default"
	}
	file := os.Getenv("AWS_CONFIG_FILE")
	if file == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return p, nil
		}
		file = filepath.Join(home, ".aws", "config")
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	config, err := ini.LoadSources(ini.LoadOptions{AllowNestedValues: true, SkipUnrecognizableLines: true}, text)
	if err != nil {
		return p, fmt.Errorf("reading the AWS configuration %s: %w", file, err)
	}
	for _, name := range []string{p.name, "profile " + p.name} {
		if s, err := config.GetSection(name); err == nil {
			p.region = firstOf(s.Key("region").String(), p.region)
			p.endpoint = firstOf(s.Key("endpoint_url").String(), p.endpoint)
		}
	}
	return p, nil
}
