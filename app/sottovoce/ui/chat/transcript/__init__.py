"""The messages of a chat on screen: only what is seen is laid out, so ten thousand of them open at once."""
