package store

// A Distant is a Store where a request takes long however little it asks for. It is worth having several under way, and
// reading what lies between two ranges to save one.
type Distant interface {
	// Requests returns how many requests of one reader are worthwhile at once.
	Requests() int
}

var (
	_ Distant = (*HTTP)(nil)
	_ Distant = (*S3)(nil)
)

// distantRequests hides most of the time that servers take to answer; more would help one reader little, and many readers
// together would have too many.
const distantRequests = 8

// Requests implements Distant.
func (h *HTTP) Requests() int { return distantRequests }

// Requests implements Distant.
func (s *S3) Requests() int { return distantRequests }
