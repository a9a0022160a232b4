package zarr

// Clear forgets all that is kept. Loads under way are handed to those who wait for them, and neither kept nor handed to those
// who come later.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pieces := range c.objects {
		for _, e := range pieces {
			if e.element == nil {
				e.stale = true
			} else {
				c.remove(e)
			}
		}
	}
}
