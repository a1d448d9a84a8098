"""Answering: what a model is shown, what it said, and what of that is kept."""
