"""What may leave this computer: the switch, what it lets through, and what was let through."""
