package cli

import (
	"errors"
	"reflect"

	"github.com/alecthomas/kong"
)

// pathMapper is kong's own for paths, but for the empty one: kong takes that for the current directory, and whoever
// writes --state "$DIR" with nothing in DIR does not mean that.
func pathMapper() kong.Mapper {
	plain := kong.NewRegistry().RegisterDefaults()
	return kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		if text, ok := ctx.Scan.Peek().Value.(string); ok && text == "" && !ctx.Scan.Peek().IsEOL() {
			return errors.New("the path is empty (the current directory is called .)")
		}
		return plain.ForNamedValue("path", target).Decode(ctx, target)
	})
}
