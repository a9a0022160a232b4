package transfer

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"volara/volume"
	"volara/zarr/store"
)

// checkWritable refuses a destination that is a zip file, lies in one, or would be a directory with the name of one.
func (c *Copy) checkWritable() error {
	const advice = "zip files are only read: copy to a directory, and pack that"
	if _, ok := c.to.Store.(*store.Zip); ok {
		return volume.Refuse("%s cannot be written: %s", c.to, advice)
	}
	_, local := c.to.Store.(*store.Local)
	for name := c.to.String(); ; name = path.Dir(name) {
		if strings.EqualFold(filepath.Ext(name), ".zip") && !(local && isDirectory(name)) {
			return volume.Refuse("%s has the name of a zip file, and %s", name, advice)
		}
		if up := path.Dir(name); up == name || up == "." || strings.HasSuffix(up, ":") {
			return nil
		}
	}
}

func isDirectory(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
