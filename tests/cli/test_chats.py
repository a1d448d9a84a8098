import getpass
import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import ScriptedEngine
from sottovoce.cli import chats
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts, opened
from sottovoce.models.remote import Remote
from sottovoce.system.paths import Profile


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_passphrase_is_asked_for_once_to_delete_a_chat_with_its_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "profile"
    folder.mkdir()
    profile = Profile(folder)
    parts = Parts(profile, ScriptedEngine(), lambda: None, "seven words", Remote(profile))
    (tmp_path / "lease.txt").write_text("The rent is due on Friday.")
    with opened(parts) as (store, documents), documents() as library:
        chat = store.new_conversation()
        store.say(chat.id, "When is the rent due?", None)
        library.add(library.attached(chat.id).id, [tmp_path / "lease.txt"])
    asked = []

    def typed(prompt: str, stream: object) -> str:
        asked.append(prompt)
        return "seven words"

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", typed)
    chats.run(parse(["chats", "delete", str(chat.id)]), replace(parts, passphrase=None))
    assert len(asked) == 1
    with opened(parts) as (_, documents), documents() as library:
        assert library.collections() == []
