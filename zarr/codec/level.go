package codec

import "fmt"

// A refuser is a codec whose configuration, though what it has made can be read, should not be written anew.
type refuser interface {
	// refusal returns why.
	refusal() error
}

// CheckNew returns an error for a codec whose configuration other readers of the metadata refuse, as zarr-python, numcodecs
// and tensorstore do: what is written anew has none such, though what others have written is read whatever level it names.
func CheckNew(c Codec) error {
	if r, ok := c.(refuser); ok {
		if err := r.refusal(); err != nil {
			return fmt.Errorf("codec %q: %w", c.Spec().V3Name, err)
		}
	}
	return nil
}

// checkLevel is the refusal of a level outside the bounds.
func checkLevel(level, lowest, highest int) error {
	if level < lowest || level > highest {
		return fmt.Errorf("level %d is not in %d..%d", level, lowest, highest)
	}
	return nil
}
