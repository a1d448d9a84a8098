from pathlib import Path

import pytest

from sottovoce.domain.problems import Cancelled
from sottovoce.domain.stop import Stop
from sottovoce.models.folders import gguf_files, model_files


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF")
    return path


def test_files_and_folders_may_be_mixed(tmp_path: Path) -> None:
    alone = put(tmp_path / "alone.gguf")
    first = put(tmp_path / "folder" / "big-00001-of-00002.gguf")
    put(tmp_path / "folder" / "big-00002-of-00002.gguf")
    put(tmp_path / "folder" / "notes.txt")
    assert list(model_files([alone, tmp_path / "folder"], Stop())) == [alone, first]


def test_parts_that_are_all_named_make_one_model(tmp_path: Path) -> None:
    first, second = (put(tmp_path / f"big-0000{n}-of-00002.gguf") for n in (1, 2))
    assert list(model_files([first, second, tmp_path], Stop())) == [first]


def test_a_folder_without_models_stands_for_itself(tmp_path: Path) -> None:
    after = put(tmp_path / "after.gguf")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert list(model_files([empty, after], Stop())) == [empty, after]


def test_looking_can_be_stopped(tmp_path: Path) -> None:
    put(tmp_path / "a.gguf")
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        list(gguf_files(tmp_path, stop))


def test_folders_are_not_followed_without_end(tmp_path: Path) -> None:
    put(tmp_path.joinpath(*("deeper" for _ in range(12)), "a.gguf"))
    put(tmp_path / "one" / "B.GGUF")
    (tmp_path / "one" / "round").symlink_to(tmp_path, target_is_directory=True)
    assert [path.name for path in gguf_files(tmp_path, Stop())] == ["B.GGUF"]
