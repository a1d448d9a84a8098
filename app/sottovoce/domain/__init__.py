"""What Sottovoce talks about: frozen values, rules and Problems. Standard library only."""
