"""What Sottovoce is, and whose work is in it."""
