"""The messages of a chat on screen. Only what is seen is laid out, so any number opens at once."""
