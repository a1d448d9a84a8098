"""Text that can be written down."""


def encodable(text: str) -> str:
    """`text` with a sign in place of halves of characters, which a clipboard can hold."""
    return text.encode("utf-8", "replace").decode()
