"""The model that answers: which, in what state, and how to change it."""
