"""How the window learns that nobody is there."""
