import getpass
import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import ScriptedEngine
from sottovoce.cli import chats
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts, opened, opened_or_temporary
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Refused
from sottovoce.models.remote import Remote
from sottovoce.store import moments
from sottovoce.system.audit import Event, read_log
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


def run(parts: Parts, *typed: str) -> None:
    chats.run(parse(["chats", *typed]), parts)


def test_where_nothing_may_leave_chats_are_shown_on_a_screen_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = Profile(tmp_path, Policy(export=False, audit=True))
    parts = Parts(profile, ScriptedEngine(), lambda: None, "seven words", Remote(profile))
    with opened(parts) as (store, _):
        chat = store.new_conversation()
        store.say(chat.id, "When is the rent due?", None)
    for typed in (("export",), ("show",), ("show", "--json")):
        with pytest.raises(Refused, match="administrator does not allow"):
            run(parts, typed[0], str(chat.id), *typed[1:])
    for options in ((), ("--json",)):
        with pytest.raises(Refused, match="administrator does not allow"):
            run(parts, "search", "rent", *options)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    run(parts, "show", str(chat.id))
    assert "When is the rent due?" in screen.getvalue()
    run(parts, "delete", str(chat.id))
    assert Event.CHAT_REMOVED in [entry.event for entry in read_log(profile.audit)]
    assert Event.CHAT_EXPORTED not in [entry.event for entry in read_log(profile.audit)]
    assert b"rent" not in profile.audit.read_bytes()


def test_chats_go_when_their_time_is_over_with_what_is_attached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "profile"
    folder.mkdir()
    free, strict = Profile(folder), Profile(folder, Policy(retention=30, audit=True))
    (tmp_path / "lease.txt").write_text("The rent is due on Friday.")
    parts = Parts(free, ScriptedEngine(), lambda: None, "seven words", Remote(free))
    with opened(parts) as (store, documents), documents() as library:
        chat = store.new_conversation()
        store.say(chat.id, "When is the rent due?", None)
        library.add(library.attached(chat.id).id, [tmp_path / "lease.txt"])
    later = moments.now() + 31 * 24 * 3600 * 1_000_000
    monkeypatch.setattr(moments, "now", lambda: later)
    with opened(replace(parts, profile=strict)) as (store, documents), documents() as library:
        assert store.conversations() == []
        assert library.collections() == []
    assert Event.CHATS_EXPIRED in [entry.event for entry in read_log(strict.audit)]


def test_a_chat_that_is_not_kept_is_refused_where_that_is_not_allowed(tmp_path: Path) -> None:
    profile = Profile(tmp_path, Policy(temporary=False))
    parts = Parts(profile, ScriptedEngine(), lambda: None, None, Remote(profile))
    for temporary in (True, False):
        with (
            pytest.raises(Refused, match="does not allow chats that are not kept"),
            opened_or_temporary(parts, temporary=temporary),
        ):
            pass
