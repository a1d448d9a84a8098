"""When the window locks, and how it learns that nobody is there."""
