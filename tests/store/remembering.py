"""A profile that remembers something in each of its places."""

from pathlib import Path

from sottovoce.store.document_store import open_documents
from sottovoce.store.documents import File
from sottovoce.store.store import open_store
from sottovoce.system.network.switch import NetworkSettings, write_switch
from sottovoce.system.paths import Profile, profile
from sottovoce.system.slots import Cost
from sottovoce.system.vault import Vault

PASSPHRASE = "seven quiet words behind a heavy door"
_CHEAP = Cost(memory=8 * 1024, passes=1, lanes=1)


def remembering(folder: Path, *texts: str) -> tuple[Profile, bytes]:
    """A profile in `folder` with a chat that says `texts`, one document and a switch; its key."""
    made = profile(folder)
    key = Vault(made.vault, _CHEAP).create(secrets=None, passphrase=PASSPHRASE)
    say(made, key, *texts)
    with open_documents(made.documents, key) as documents:
        collection = documents.new_collection("Cases", "a model")
        documents.add(collection.id, [File(Path("/files/contract.pdf"), 100, 1)])
    write_switch(made.network, NetworkSettings(on=True, hosts=("files.example",)))
    return made, key


def say(where: Profile, key: bytes, *texts: str) -> None:
    with open_store(where.database, key) as store:
        chat = store.new_conversation().id
        parent: int | None = None
        for text in texts:
            parent = store.say(chat, text, parent).id


def said(where: Profile, key: bytes) -> list[str]:
    """What every chat says, oldest first."""
    with open_store(where.database, key) as store:
        chats = sorted(store.conversations(), key=lambda chat: chat.id)
        return [message.text for chat in chats for message in store.messages(chat.id)]


def documents(where: Profile, key: bytes) -> list[str]:
    with open_documents(where.documents, key) as store:
        return [
            each.path.name
            for collection in store.collections()
            for each in store.documents(collection.id)
        ]
