"""The documents that are for one chat alone."""

from sottovoce.library.library import Library
from sottovoce.store.store import Store


def forget_orphans(store: Store, library: Library) -> None:
    """Forget documents whose chat is gone for good, to the last trace. Both must be those kept."""
    for collection in library.collections():
        chat = collection.conversation
        if chat is not None and not store.has_conversation(chat):
            library.remove_collection(collection.id)
