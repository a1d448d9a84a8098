"""Keeping a chat that was temporary."""

from dataclasses import replace

from sottovoce.domain.conversation import FIRST_TEMPORARY, Conversation
from sottovoce.domain.problems import Missing
from sottovoce.library.library import Library
from sottovoce.store.store import Store


def keep(store: Store, library: Library, conversation: int) -> Conversation:
    """Return a temporary chat as it is kept from now on, with all that was attached to it.

    What was attached is read again, for the chat that is kept; a file that is gone is not kept.
    The temporary one is forgotten. Raises Missing, and what the store and the library raise.
    """
    scope = store.conversation(conversation).scope
    kept = store.new_conversation()
    attached = [each for each in scope.collections if each >= FIRST_TEMPORARY]
    collections = [each for each in scope.collections if each < FIRST_TEMPORARY]
    documents: dict[int, int] = {}
    for temporary in attached:
        collection = library.attached(kept.id).id
        collections.append(collection)
        for document in library.documents(temporary):
            try:
                (again,) = library.add(collection, [document.path], watch=False)
            except Missing:
                continue
            documents[document.id] = again.id
    made = store.keep_temporary(
        conversation,
        into=kept.id,
        scope=replace(
            scope,
            collections=tuple(collections),
            documents=tuple(documents.get(each, each) for each in scope.documents),
        ),
        documents=documents,
    )
    for temporary in attached:
        library.remove_collection(temporary)
    store.forget_temporary(conversation)
    return made
