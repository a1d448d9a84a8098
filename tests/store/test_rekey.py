import os
import random
import shutil
from pathlib import Path

import pytest

from fakes import MemorySecrets
from sottovoce.domain.problems import Cancelled, Interrupted, NoRoom, Refused
from sottovoce.domain.settings import Appearance
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.store.rekey import change_key
from sottovoce.store.store import open_store
from sottovoce.system import use
from sottovoce.system.appearance import read_appearance, write_appearance
from sottovoce.system.network.switch import read_switch
from sottovoce.system.paths import Profile
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.use import using
from sottovoce.system.vault import Vault
from store.rekeying import CHANGING_KEYS, CHANGING_PASSPHRASES, kill_while_changing
from store.remembering import PASSPHRASE, documents, remembering, said

TEXTS = ["Where does the wind come from?", "And the rain?"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use, "_PATIENCE", 0.0)


@pytest.fixture
def here(tmp_path: Path) -> tuple[Profile, bytes]:
    return remembering(tmp_path / "here", *TEXTS)


def change(where: Profile, key: bytes, secrets: MemorySecrets | None = None) -> list[Transferred]:
    return list(change_key(where, key, Stop(), passphrase=PASSPHRASE, secrets=secrets))


def test_everything_is_under_another_key_that_opens_with_the_same_things(
    here: tuple[Profile, bytes],
) -> None:
    where, key = here
    drawer, recovery_key = MemorySecrets(), new_recovery_key()
    vault = Vault(where.vault)
    vault.add_keyring(key, drawer)
    vault.add_recovery_key(key, recovery_key)
    write_appearance(where.appearance, Appearance(sidebar_width=300))

    news = change(where, key, drawer)

    assert 0 < news[-1].done <= news[-1].total
    new = vault.open_with_passphrase(PASSPHRASE)
    assert new != key
    assert vault.open_with_keyring(drawer) == vault.open_with_recovery_key(recovery_key) == new
    assert said(where, new) == TEXTS
    assert documents(where, new) == ["contract.pdf"]
    assert read_appearance(where.appearance).sidebar_width == 300
    assert read_switch(where.network).on


def test_nothing_of_the_old_key_is_left(here: tuple[Profile, bytes]) -> None:
    where, key = here
    old = {file.read_bytes()[:16] for file in where.folder.glob("*.db")}
    assert len(old) == 2
    change(where, key)
    with pytest.raises(Refused):
        open_store(where.database, key)
    files = [each for each in where.folder.rglob("*") if each.is_file()]
    assert not [each for each in files if each.read_bytes()[:16] in old]
    assert not where.superseded.exists()
    assert not where.restored.exists()
    assert not where.scratch.exists()
    assert not where.exchange.exists()


def test_a_wrong_passphrase_changes_nothing(here: tuple[Profile, bytes]) -> None:
    where, key = here
    with pytest.raises(Refused, match="not right"):
        list(change_key(where, key, Stop(), passphrase="wrong", secrets=None))
    assert said(where, Vault(where.vault).open_with_passphrase(PASSPHRASE)) == TEXTS


def test_stopping_changes_nothing(here: tuple[Profile, bytes]) -> None:
    where, key = here
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        list(change_key(where, key, stop, passphrase=PASSPHRASE, secrets=None))
    assert said(where, Vault(where.vault).open_with_passphrase(PASSPHRASE)) == TEXTS
    assert not where.scratch.exists()


def test_nobody_else_may_use_the_chats_meanwhile(here: tuple[Profile, bytes]) -> None:
    where, key = here
    with open_store(where.database, key), pytest.raises(Interrupted, match="Close it"):
        change(where, key)
    changing = change_key(where, key, Stop(), passphrase=PASSPHRASE, secrets=None)
    next(changing)
    with pytest.raises(Interrupted), using(where.folder):
        raise AssertionError("it is in use")
    assert list(changing)
    assert said(where, Vault(where.vault).open_with_passphrase(PASSPHRASE)) == TEXTS


def test_without_space_on_the_disk_nothing_is_begun(
    here: tuple[Profile, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    where, key = here
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 1000))
    with pytest.raises(NoRoom, match="Free some"):
        change(where, key)
    assert said(where, Vault(where.vault).open_with_passphrase(PASSPHRASE)) == TEXTS


def test_a_profile_without_documents_has_its_key_changed_too(
    here: tuple[Profile, bytes],
) -> None:
    where, key = here
    where.documents.unlink()
    change(where, key)
    assert said(where, Vault(where.vault).open_with_passphrase(PASSPHRASE)) == TEXTS
    assert not where.documents.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("program", [CHANGING_KEYS, CHANGING_PASSPHRASES])
def test_a_change_that_is_killed_leaves_all_readable(program: str, tmp_path: Path) -> None:
    toll = kill_while_changing(program, tmp_path / "here", 6, random.Random(5))
    assert (toll.kills, toll.locked_out, toll.lost) == (6, 0, 0)
