"""Private chat with language models that run on your own computer."""
