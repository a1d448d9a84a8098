"""Which model files there are, and what they say about themselves."""
