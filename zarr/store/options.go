package store

// Options are the choices for the store that Open opens. The zero value is what most want.
type Options struct {
	LocalOptions // of directories
	HTTP         HTTPOptions
	S3           S3Options
}
