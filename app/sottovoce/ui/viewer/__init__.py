"""Documents beside the chat: the page, and on it what an answer rests on."""
