"""The conversation on screen: list, transcript, composer."""
