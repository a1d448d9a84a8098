"""`sottovoce backup`, without starting a program."""

import io
import json
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import MemorySecrets, ScriptedEngine
from sottovoce.cli import backup
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts
from sottovoce.domain.problems import Cancelled, Interrupted, Missing, Refused
from sottovoce.models.remote import Remote
from sottovoce.store.backup import Backup
from sottovoce.store.store import open_store
from sottovoce.system import use
from sottovoce.system.exchange import kept, replace_at_next_start
from sottovoce.system.paths import profile
from sottovoce.system.vault import Vault
from store.remembering import PASSPHRASE, remembering, said, say


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    here, _ = remembering(tmp_path / "here", "one", "two")
    return Parts(here, ScriptedEngine(), lambda: None, PASSPHRASE, Remote(here))


@pytest.fixture
def file(parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    run(parts, "create", str(tmp_path / "mine.backup"))
    capsys.readouterr()
    return tmp_path / "mine.backup"


def run(parts: Parts, *typed: str) -> None:
    backup.run(parse(["backup", *typed]), parts)


def key(parts: Parts) -> bytes:
    return Vault(parts.profile.vault).open_with_passphrase(PASSPHRASE)


def test_a_backup_says_what_is_in_it(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(parts, "create", str(tmp_path / "mine.backup"))
    assert "1 chat, 2 messages, 1 document" in capsys.readouterr().out
    run(parts, "verify", str(tmp_path / "mine.backup"), "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["chats"], told["messages"], told["documents"]) == (1, 2, 1)


def test_in_a_folder_a_backup_is_named_by_its_moment(parts: Parts, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    run(parts, "create", str(folder))
    (made,) = folder.iterdir()
    assert made.name.startswith("Sottovoce 2")
    assert made.suffix == ".backup"


def test_restoring_keeps_what_was_there_and_can_be_undone(
    parts: Parts, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say(parts.profile, key(parts), "later")
    run(parts, "restore", str(file))
    assert said(parts.profile, key(parts)) == ["one", "two"]
    assert "backup undo" in capsys.readouterr().err
    run(parts, "undo")
    assert said(parts.profile, key(parts)) == ["one", "two", "later"]
    run(parts, "undo")
    assert said(parts.profile, key(parts)) == ["one", "two"]


def test_what_is_kept_is_listed_and_removed_when_asked(
    parts: Parts, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(parts, "restore", str(file))
    capsys.readouterr()
    run(parts, "kept", "--json")
    (listed,) = json.loads(capsys.readouterr().out)["kept"]
    assert listed["bytes"] > 0
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO("n\n"))
        with pytest.raises(Cancelled):
            run(parts, "discard")
    run(parts, "discard", "--yes")
    with pytest.raises(Missing):
        run(parts, "undo")


def test_a_backup_is_restored_into_another_folder(parts: Parts, file: Path, tmp_path: Path) -> None:
    run(parts, "restore", str(file), "--into", str(tmp_path / "there"))
    assert said(profile(tmp_path / "there"), key(parts)) == ["one", "two"]


def test_what_waits_in_another_folder_is_carried_out_before_that_is_replaced(
    parts: Parts, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there, _ = remembering(tmp_path / "there", "before")
    waiting, _ = remembering(tmp_path / "there" / "restored", "waiting")
    replace_at_next_start(there, waiting.folder)
    run(parts, "restore", str(file), "--into", str(there.folder))
    assert said(there, key(parts)) == ["one", "two"]
    assert len(kept(there)) == 2
    assert f"--data-dir {there.folder} backup undo" in capsys.readouterr().err


def test_what_had_lost_its_vault_is_kept_and_told_of(
    parts: Parts, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(parts.profile.vault)
    run(parts, "restore", str(file))
    assert "What was here before is kept" in capsys.readouterr().err
    assert said(parts.profile, key(parts)) == ["one", "two"]


def test_a_profile_that_is_in_use_is_not_replaced(
    parts: Parts, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use, "_PATIENCE", 0.0)
    with open_store(parts.profile.database, key(parts)), pytest.raises(Interrupted):
        run(parts, "restore", str(file))
    assert not parts.profile.exchange.exists()
    assert not parts.profile.restored.exists()


def test_who_begins_to_use_the_profile_meanwhile_leaves_nothing_of_the_backup(
    parts: Parts, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use, "_PATIENCE", 0.0)
    its_key = key(parts)
    followed = backup._followed

    def until_used(*given: Any) -> Backup:
        contents = followed(*given)
        stack.enter_context(open_store(parts.profile.database, its_key))
        return contents

    monkeypatch.setattr(backup, "_followed", until_used)
    with ExitStack() as stack, pytest.raises(Interrupted):
        run(parts, "restore", str(file))
    assert not parts.profile.exchange.exists()
    assert not parts.profile.restored.exists()


def test_the_keyring_opens_backups_of_the_chats_that_are_here(tmp_path: Path) -> None:
    secrets = MemorySecrets()
    here, its_key = remembering(tmp_path / "here", "one")
    Vault(here.vault).add_keyring(its_key, secrets)
    parts = Parts(here, ScriptedEngine(), lambda: secrets, None, Remote(here))
    run(parts, "create", str(tmp_path / "mine.backup"))
    run(parts, "verify", str(tmp_path / "mine.backup"))


def test_elsewhere_the_passphrase_is_asked_for(parts: Parts, file: Path, tmp_path: Path) -> None:
    there = profile(tmp_path / "there")
    elsewhere = replace(parts, profile=there, remote=Remote(there))
    with pytest.raises(Refused, match="SOTTOVOCE_PASSPHRASE"):
        run(replace(elsewhere, passphrase=None), "verify", str(file))
    with pytest.raises(Refused, match="not right"):
        run(replace(elsewhere, passphrase="wrong"), "verify", str(file))
    run(elsewhere, "verify", str(file))


def test_where_nothing_is_kept_nothing_is_backed_up(parts: Parts, tmp_path: Path) -> None:
    there = profile(tmp_path / "there")
    with pytest.raises(Missing):
        run(replace(parts, profile=there), "create", str(tmp_path / "mine.backup"))
    assert not there.vault.exists()
