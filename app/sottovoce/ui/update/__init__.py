"""Another version of Sottovoce, from a file."""
