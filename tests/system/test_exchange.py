from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes import MemorySecrets
from sottovoce.domain.problems import Damaged, Interrupted, Missing
from sottovoce.system import exchange, use
from sottovoce.system.exchange import (
    discard,
    finish_replacing,
    handed_over,
    kept,
    newest_kept,
    replace_at_next_start,
    replace_memory,
)
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile, profile
from sottovoce.system.use import alone, using
from sottovoce.system.vault import Vault


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use, "_PATIENCE", 0.0)


@pytest.fixture
def here(tmp_path: Path) -> Profile:
    made = profile(tmp_path / "here")
    fill(made.folder, "old", documents=True)
    (made.folder / "sottovoce.db-wal").write_text("old log")
    (made.folder / "models").mkdir()
    return made


@pytest.fixture
def source(here: Profile) -> Path:
    here.restored.mkdir()
    fill(here.restored, "new", documents=False)
    return here.restored


def fill(folder: Path, says: str, *, documents: bool) -> None:
    (folder / "vault").mkdir()
    (folder / "vault" / "vault.json").write_text(says)
    (folder / "sottovoce.db").write_text(says)
    if documents:
        (folder / "documents.db").write_text(says)


def remembers(here: Profile) -> dict[str, str]:
    paths = (here.vault / "vault.json", *here.folder.glob("*.db*"))
    return {path.name: path.read_text() for path in paths if path.exists()}


OLD = {
    "vault.json": "old",
    "sottovoce.db": "old",
    "sottovoce.db-wal": "old log",
    "documents.db": "old",
}
NEW = {"vault.json": "new", "sottovoce.db": "new"}


def test_one_memory_takes_the_place_of_another_which_is_kept(here: Profile, source: Path) -> None:
    replace_memory(here, source)
    assert remembers(here) == NEW
    (old,) = kept(here)
    assert remembers(Profile(old.folder)) == OLD
    assert old.size == sum(map(len, OLD.values()))
    assert (here.folder / "models").is_dir()
    assert not source.exists()
    assert not here.exchange.exists()


def test_what_was_there_can_come_back_and_go_again(here: Profile, source: Path) -> None:
    replace_memory(here, source)
    replace_memory(here, newest_kept(here).folder)
    assert remembers(here) == OLD
    replace_memory(here, newest_kept(here).folder)
    assert remembers(here) == NEW
    assert len(kept(here)) == 1


def test_what_was_there_can_be_removed_for_good(here: Profile, source: Path) -> None:
    replace_memory(here, source)
    discard(newest_kept(here), None)
    assert kept(here) == []
    with pytest.raises(Missing):
        newest_kept(here)
    assert remembers(here) == NEW


def test_of_what_is_removed_the_vault_is_written_over_and_its_secret_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, drawer, last = profile(tmp_path / "here"), MemorySecrets(), []
    Vault(here.vault).create(secrets=drawer, passphrase=None)
    before = (here.vault / "vault.json").read_bytes()
    here.restored.mkdir()
    fill(here.restored, "new", documents=False)
    replace_memory(here, here.restored)
    unlink = Path.unlink

    def look_first(path: Path, missing_ok: bool = False) -> None:
        last.append(path.read_bytes())
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", look_first)
    discard(newest_kept(here), drawer)
    assert len(last) == 2
    assert before not in last
    assert drawer.kept == {}


def test_what_waits_for_its_turn_is_not_replaced(here: Profile, source: Path) -> None:
    replace_at_next_start(here, source)
    here.scratch.mkdir()
    with (
        pytest.raises(Interrupted, match="Start Sottovoce anew"),
        handed_over(here, here.scratch),
    ):
        pass
    finish_replacing(here)
    assert remembers(here) == NEW


def test_of_two_that_start_at_once_the_second_finds_it_done(
    here: Profile, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_at_next_start(here, source)

    @contextmanager
    def after_another(folder: Path) -> Iterator[None]:
        monkeypatch.setattr(exchange, "alone", alone)
        finish_replacing(here)
        yield

    monkeypatch.setattr(exchange, "alone", after_another)
    finish_replacing(here)
    assert remembers(here) == NEW


def test_what_is_superseded_stays_while_somebody_may_be_moving_it(
    here: Profile, source: Path
) -> None:
    here.superseded.mkdir()
    with using(here.folder):
        finish_replacing(here)
        assert here.superseded.exists()
    finish_replacing(here)
    assert not here.superseded.exists()


def test_what_takes_nobodys_place_goes_again(here: Profile) -> None:
    here.scratch.mkdir()
    fill(here.scratch, "new", documents=False)
    with using(here.folder), pytest.raises(Interrupted), handed_over(here, here.scratch) as source:
        replace_memory(here, source)
    assert not here.restored.exists()
    assert remembers(here) == OLD


def test_what_waits_for_its_turn_stays(here: Profile) -> None:
    here.scratch.mkdir()
    fill(here.scratch, "new", documents=False)
    with handed_over(here, here.scratch) as source:
        replace_at_next_start(here, source)
    finish_replacing(here)
    assert remembers(here) == NEW


def test_what_a_kill_left_before_its_turn_goes_at_the_next_start(
    here: Profile, source: Path
) -> None:
    with locked(here.scratch_lock):
        finish_replacing(here)
        assert source.exists(), "Somebody may just be restoring it."
    finish_replacing(here)
    assert not source.exists()
    assert remembers(here) == OLD


def test_nothing_changes_while_somebody_uses_it(here: Profile, source: Path) -> None:
    with using(here.folder):
        replace_at_next_start(here, source)
        with pytest.raises(Interrupted):
            finish_replacing(here)
        assert remembers(here) == OLD
    finish_replacing(here)
    assert remembers(here) == NEW
    finish_replacing(here)
    assert remembers(here) == NEW


def test_what_came_meanwhile_goes_away_with_the_rest(here: Profile, source: Path) -> None:
    replace_at_next_start(here, source)
    (here.folder / "documents.db-wal").write_text("later")
    finish_replacing(here)
    assert remembers(here) == NEW
    assert (newest_kept(here).folder / "documents.db-wal").read_text() == "later"


def test_wherever_it_is_interrupted_the_next_start_carries_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename
    for moves in range(7):
        here = profile(tmp_path / str(moves))
        fill(here.folder, "old", documents=True)
        here.restored.mkdir()
        fill(here.restored, "new", documents=False)
        left = moves

        def fail_later(path: Path, target: Path) -> Path:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return rename(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", fail_later)
            try:
                replace_memory(here, here.restored)
            except KeyboardInterrupt:
                assert moves < 5
        finish_replacing(here)
        assert remembers(here) == NEW
        assert remembers(Profile(newest_kept(here).folder)) == dict.fromkeys(
            ("vault.json", "sottovoce.db", "documents.db"), "old"
        )


def test_what_was_made_meanwhile_by_another_process_is_kept_too(
    here: Profile, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def make_a_vault(path: Path, target: Path) -> Path:
        if path == source / "sottovoce.db":
            monkeypatch.setattr(Path, "rename", rename)
            fill(here.folder, "stray", documents=False)
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", make_a_vault)
    with pytest.raises(KeyboardInterrupt):
        replace_memory(here, source)
    finish_replacing(here)
    assert remembers(here) == NEW
    folder = newest_kept(here).folder
    assert (folder / "vault.stray" / "vault.json").read_text() == "stray"
    assert (
        remembers(Profile(folder)).items() >= {"vault.json": "old", "documents.db": "old"}.items()
    )


def test_a_journal_that_cannot_be_read_stops_everything(here: Profile) -> None:
    here.exchange.write_text("nonsense")
    with pytest.raises(Damaged):
        finish_replacing(here)
    assert remembers(here) == OLD
