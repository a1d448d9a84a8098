import os
import random
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import MemorySecrets
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Problem,
    Refused,
)
from sottovoce.domain.settings import Appearance, Scheme
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.store.backup import Backup, create, opened, scratch
from sottovoce.store.store import open_store
from sottovoce.system.appearance import read_appearance, write_appearance
from sottovoce.system.exchange import kept, replace_memory
from sottovoce.system.network.switch import read_switch
from sottovoce.system.paths import Profile, profile
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.slots import Protection
from sottovoce.system.vault import Vault
from store.remembering import PASSPHRASE, documents, remembering, said, say


@pytest.fixture
def here(tmp_path: Path) -> tuple[Profile, bytes]:
    return remembering(tmp_path / "here", "Where does the wind come from?", "And the rain?")


@pytest.fixture
def file(tmp_path: Path, here: tuple[Profile, bytes]) -> Path:
    path = tmp_path / "mine.backup"
    finished(create(*here, path, Stop()))
    return path


def finished(news: Iterator[Transferred | Backup]) -> Backup:
    *progress, last = news
    assert all(isinstance(each, Transferred) and each.done <= each.total for each in progress)
    assert isinstance(last, Backup)
    return last


def restored(path: Path, into: Profile, passphrase: str = PASSPHRASE) -> bytes:
    with opened(into, path) as backup:
        key = backup.vault.open_with_passphrase(passphrase)
        finished(backup.restore(key, Stop()))
        with backup.handed_over() as folder:
            replace_memory(into, folder)
    return key


def test_everything_comes_back_on_another_machine(
    here: tuple[Profile, bytes], file: Path, tmp_path: Path
) -> None:
    there = profile(tmp_path / "there")

    key = restored(file, there)

    assert said(there, key) == ["Where does the wind come from?", "And the rain?"]
    assert documents(there, key) == ["contract.pdf"]
    assert Vault(there.vault).open_with_passphrase(PASSPHRASE) == key
    assert not there.scratch.exists()
    assert not there.restored.exists()
    assert kept(there) == [], "nothing was there before"


def test_a_backup_tells_what_is_in_it(here: tuple[Profile, bytes], tmp_path: Path) -> None:
    path = tmp_path / "mine.backup"
    made = finished(create(*here, path, Stop()))
    assert (made.path, made.size) == (path, path.stat().st_size)
    assert (made.chats, made.messages, made.documents) == (1, 2, 1)
    with opened(here[0], path) as backup:
        assert backup.made == made.made


def test_a_profile_without_documents_can_be_backed_up(tmp_path: Path) -> None:
    here = profile(tmp_path / "here")
    key = Vault(here.vault).create(secrets=None, passphrase=PASSPHRASE)
    say(here, key, "one")
    made = finished(create(here, key, tmp_path / "mine.backup", Stop()))
    assert (made.messages, made.documents) == (1, 0)


def test_what_is_written_meanwhile_does_not_get_in_half(
    here: tuple[Profile, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "mine.backup"
    with open_store(here[0].database, here[1]) as store:
        news = create(*here, path, Stop())
        next(news)
        store.say(store.new_conversation().id, "too late", None)
        made = finished(news)
    assert made.messages == 2
    assert len(said(*here)) == 3


def test_the_window_looks_the_same_and_the_network_is_off_where_it_is_restored(
    here: tuple[Profile, bytes], tmp_path: Path
) -> None:
    write_appearance(here[0].appearance, Appearance(scheme=Scheme.DARK))
    path = tmp_path / "mine.backup"
    finished(create(*here, path, Stop()))
    there = profile(tmp_path / "there")

    restored(path, there)

    assert read_appearance(there.appearance).scheme is Scheme.DARK
    switch = read_switch(there.network)
    assert (switch.on, switch.hosts) == (False, ("files.example",))


def test_nothing_can_be_read_in_a_backup_and_only_its_owner_may_try(
    here: tuple[Profile, bytes], file: Path
) -> None:
    content = file.read_bytes()
    for words in (b"wind", b"contract", b"Cases", b"files.example", here[1], here[1][:32]):
        assert words not in content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_passphrase_of_when_it_was_made_opens_it(
    here: tuple[Profile, bytes], file: Path, tmp_path: Path
) -> None:
    Vault(here[0].vault).add_passphrase(here[1], "another one")
    with pytest.raises(Refused):
        restored(file, profile(tmp_path / "there"), "another one")
    restored(file, profile(tmp_path / "there"))


def test_the_key_of_the_chats_fits_their_backups_alone(
    here: tuple[Profile, bytes], file: Path, tmp_path: Path
) -> None:
    with opened(here[0], file) as backup:
        assert backup.fits(here[1])
        assert not backup.fits(bytes(48))
        with pytest.raises(Damaged):
            finished(backup.restore(bytes(48), Stop()))


def test_what_only_the_keyring_opens_asks_for_a_passphrase_first(tmp_path: Path) -> None:
    here = profile(tmp_path / "here")
    key = Vault(here.vault).create(secrets=MemorySecrets(), passphrase=None)
    say(here, key, "one")
    with pytest.raises(Missing, match="passphrase"):
        finished(create(here, key, tmp_path / "mine.backup", Stop()))
    assert not (tmp_path / "mine.backup").exists()


def test_the_keyring_of_one_machine_does_not_come_along(tmp_path: Path) -> None:
    here = profile(tmp_path / "here")
    key = Vault(here.vault).create(secrets=MemorySecrets(), passphrase=PASSPHRASE)
    say(here, key, "one")
    finished(create(here, key, tmp_path / "mine.backup", Stop()))
    there = profile(tmp_path / "there")
    restored(tmp_path / "mine.backup", there)
    assert Vault(there.vault).protections == {Protection.PASSPHRASE}


def test_a_policy_can_forbid_it(here: tuple[Profile, bytes], tmp_path: Path) -> None:
    locked = Profile(here[0].folder, Policy(export=False))
    with pytest.raises(Refused, match="administrator"):
        finished(create(locked, here[1], tmp_path / "mine.backup", Stop()))


def test_a_file_that_is_there_is_not_overwritten(here: tuple[Profile, bytes], file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(Refused):
        finished(create(*here, file, Stop()))
    assert file.read_bytes() == before


def test_a_file_that_came_meanwhile_is_not_overwritten(
    here: tuple[Profile, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "mine.backup"
    making = create(*here, path, Stop())
    next(making)
    path.write_text("another's")
    with pytest.raises(Refused, match="already"):
        finished(making)
    assert path.read_text() == "another's"


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_link_beside_a_backup_leads_to_no_other_file(
    here: tuple[Profile, bytes], tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    diary.write_text("mine")
    (tmp_path / "mine.backup.part").symlink_to(diary)
    finished(create(*here, tmp_path / "mine.backup", Stop()))
    assert diary.read_text() == "mine"


def test_a_log_that_goes_while_a_backup_begins_is_not_missed(
    here: tuple[Profile, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    glob = Path.glob

    def with_one_that_goes(folder: Path, pattern: str) -> list[Path]:
        return [*glob(folder, pattern), folder / "sottovoce.db-gone"]

    monkeypatch.setattr(Path, "glob", with_one_that_goes)
    assert finished(create(*here, tmp_path / "mine.backup", Stop())).chats == 1


def test_a_folder_that_is_not_there_is_told(here: tuple[Profile, bytes], tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no such folder"):
        finished(create(*here, tmp_path / "nowhere" / "mine.backup", Stop()))
    assert not here[0].scratch.exists()


def test_too_little_space_is_foreseen(
    here: tuple[Profile, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(NoRoom):
        finished(create(*here, tmp_path / "mine.backup", Stop()))
    assert [each.name for each in tmp_path.iterdir()] == ["here"]


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_stopping_leaves_nothing_behind(
    here: tuple[Profile, bytes], tmp_path: Path, after: int
) -> None:
    stop = Stop()
    news = create(*here, tmp_path / "mine.backup", stop)
    for _ in range(after):
        next(news)
    stop.set()
    with pytest.raises(Cancelled):
        finished(news)
    assert [each.name for each in tmp_path.iterdir()] == ["here"]
    assert not here[0].scratch.exists()


def test_two_backups_at_once_do_not_meet(here: tuple[Profile, bytes], tmp_path: Path) -> None:
    with scratch(here[0]), pytest.raises(Interrupted):
        finished(create(*here, tmp_path / "mine.backup", Stop()))
    finished(create(*here, tmp_path / "mine.backup", Stop()))


def test_damage_is_noticed_wherever_it_is_and_nothing_is_replaced(
    here: tuple[Profile, bytes], file: Path
) -> None:
    whole = file.read_bytes()
    dice = random.Random(8)
    for place in (0, 20, 30, 200, *(dice.randrange(len(whole)) for _ in range(20))):
        changed = bytearray(whole)
        changed[place] ^= 1 << dice.randrange(8)
        file.write_bytes(changed)
        with pytest.raises(Problem), opened(here[0], file) as backup:
            finished(backup.restore(here[1], Stop()))
    for length in (0, 10, 100, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(Damaged), opened(here[0], file) as backup:
            finished(backup.restore(here[1], Stop()))
    file.write_bytes(whole + b"\0")
    with pytest.raises(Damaged), opened(here[0], file) as backup:
        finished(backup.restore(here[1], Stop()))
    assert len(said(*here)) == 2


def test_what_is_no_backup_is_told(here: tuple[Profile, bytes], tmp_path: Path) -> None:
    with pytest.raises(Missing), opened(here[0], tmp_path / "nowhere"):
        pass
    (tmp_path / "diary").write_text("my diary\n" * 1000)
    with pytest.raises(Damaged), opened(here[0], tmp_path / "diary"):
        pass
    with pytest.raises(Refused), opened(here[0], tmp_path):
        pass


def test_the_recovery_key_opens_it(here: tuple[Profile, bytes], tmp_path: Path) -> None:
    recovery = new_recovery_key()
    Vault(here[0].vault).add_recovery_key(here[1], recovery)
    path = tmp_path / "mine.backup"
    finished(create(*here, path, Stop()))
    with opened(profile(tmp_path / "there"), path) as backup:
        assert backup.key(recovery) == backup.key(PASSPHRASE) == here[1]
        with pytest.raises(Refused):
            backup.key(new_recovery_key())
        with pytest.raises(Refused):
            backup.key("neither")


def test_a_recovery_key_that_is_mistyped_is_told_where_only_it_could_open(
    here: tuple[Profile, bytes], tmp_path: Path
) -> None:
    where, key = here
    recovery, vault = new_recovery_key(), Vault(where.vault)
    vault.add_recovery_key(key, recovery)
    vault.add_keyring(key, MemorySecrets())
    vault.remove(Protection.PASSPHRASE)
    path = tmp_path / "mine.backup"
    finished(create(where, key, path, Stop()))
    mistyped = recovery.translate(str.maketrans(recovery[0], "7" if recovery[0] != "7" else "8"))
    with opened(profile(tmp_path / "there"), path) as backup:
        with pytest.raises(Refused, match="first group"):
            backup.key(mistyped)
        assert backup.key(recovery) == key
