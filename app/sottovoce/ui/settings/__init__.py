"""What the user can set, and where they set it."""
