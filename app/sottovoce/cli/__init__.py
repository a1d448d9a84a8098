"""The same powers, typed."""
