import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes import MemorySecrets, ScriptedEngine
from sottovoce.cli import models
from sottovoce.cli.amounts import duration, size, transfer
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts
from sottovoce.domain.problems import Cancelled, Damaged, Missing, Refused, Unsupported
from sottovoce.domain.transfer import Transferred
from sottovoce.models.records import (
    Acceptance,
    Source,
    file_record,
    new_record,
    record_place,
    write_record,
)
from sottovoce.models.remote import Remote
from sottovoce.models.shelf import Shelf
from sottovoce.system.paths import Profile
from tiny_llama import tiny_llama


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    profile = Profile(tmp_path / "profile")
    profile.folder.mkdir()
    return Parts(profile, ScriptedEngine(), MemorySecrets, None, Remote(profile))


@pytest.fixture
def llama(parts: Parts) -> Path:
    """A model on the shelf that was downloaded under Meta's licence."""
    path = parts.profile.models / "Llama-3.1-8B.gguf"
    path.parent.mkdir()
    path.write_bytes(tiny_llama().read_bytes())
    now = datetime.now(UTC)
    record = replace(
        new_record([file_record(path, name=path.name)], name="Llama 3.1 8B Instruct"),
        source=Source("owner/Talk-GGUF", "0" * 40),
        licence="llama3.1",
        acceptance=Acceptance("Llama 3.1 Community License", now),
    )
    write_record(record_place(path), record)
    return path


def run(parts: Parts, *typed: str) -> None:
    models.run(parse(["models", *typed]), parts)


def test_built_with_llama_is_shown(
    parts: Parts, llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(parts, "list")
    assert "Built with Llama" in capsys.readouterr().out
    run(parts, "list", "--json")
    item = json.loads(capsys.readouterr().out)["models"][1]
    assert item["name"] == "Llama 3.1 8B Instruct"
    assert item["attribution"] == "Built with Llama"
    assert item["accepted"] is not None


def test_a_linked_model_needs_no_attribution(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(parts, "import", str(tiny_llama()))
    run(parts, "list")
    assert "Built with" not in capsys.readouterr().out


def test_own_files_are_not_deleted_without_a_yes(
    parts: Parts, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sottovoce.cli.models.sys.stdin", Terminal("n\n"))
    with pytest.raises(Cancelled):
        run(parts, "remove", "llama")
    assert llama.exists()
    monkeypatch.setattr("sottovoce.cli.models.sys.stdin", Terminal("y\n"))
    run(parts, "remove", "llama")
    assert not llama.exists()


def test_what_was_removed_is_told_in_json(
    parts: Parts, llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(parts, "remove", "llama", "--yes", "--json")
    assert json.loads(capsys.readouterr().out)["removed"]["path"] == str(llama)


def test_a_set_without_a_part_is_told_before_it_is_looked_for_in_the_catalogue(
    parts: Parts, tmp_path: Path
) -> None:
    first = tmp_path / "big-00001-of-00002.gguf"
    first.write_bytes(tiny_llama().read_bytes())
    with pytest.raises(Missing, match="part 2 cannot be found"):
        run(parts, "fit", str(first), "--no-measure")


def test_speeds_that_cannot_be_kept_are_told_all_the_same(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.profile.speed.mkdir()
    run(parts, "fit", "starter")
    told = capsys.readouterr()
    assert "may not write" in told.err
    assert "tokens/s" in told.out


def test_a_link_in_a_circle_is_no_end_of_looking(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parts.profile.models.mkdir()
    circle = parts.profile.models / "circle.gguf"
    circle.symlink_to(circle)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    run(parts, "found")
    run(parts, "list")


def test_a_name_of_two_lines_is_told_in_one(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad\nAll is well.gguf"
    bad.write_bytes(b"GGUF")
    with pytest.raises(Unsupported):
        run(parts, "import", str(bad))
    assert capsys.readouterr().err.startswith("bad<U+000A>All is well.gguf: ")


def test_a_link_is_removed_without_a_question(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(parts, "import", str(tiny_llama()))
    monkeypatch.setattr("sottovoce.cli.models.sys.stdin", Terminal(""))
    run(parts, "remove", "tiny")
    assert tiny_llama().exists()


def test_a_licence_may_be_agreed_to_at_the_terminal(
    parts: Parts, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sottovoce.cli.downloads.sys.stdin", Terminal("n\ny\n"))
    with pytest.raises(Cancelled):
        run(parts, "download", "llama-3.2-1b-instruct:Q4_K_M")
    # Agreed: what is in the way then is the network.
    with pytest.raises(Refused, match="switched off"):
        run(parts, "download", "llama-3.2-1b-instruct:Q4_K_M")
    assert "700 million" in capsys.readouterr().err


def test_the_catalogue_tells_what_it_does_not_know(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    run(parts, "catalogue", "llama-3.1-8b-instruct", "--json")
    [entry] = json.loads(capsys.readouterr().out)["entries"]
    variants = {variant["quantisation"]: variant for variant in entry["variants"]}
    assert variants["Q4_K_M"]["trust"] == "pinned"
    assert variants["Q4_K_M"]["files"][0]["sha256"].startswith("7b064f58")
    assert (variants["Q8_0"]["trust"], variants["Q8_0"]["files"]) == ("first use", [])
    assert variants["Q8_0"]["size_is_computed"]
    assert entry["licence"]["link"].startswith("https://")


def test_other_programs_models_are_found_and_linked(
    parts: Parts,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "hf" / "models--owner--Talk-GGUF" / "snapshots" / ("0" * 40) / "talk.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(tiny_llama().read_bytes())
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    run(parts, "found", "--link", "--json")
    [found] = json.loads(capsys.readouterr().out)["models"]
    assert (found["program"], found["files"]) == ("Hugging Face", [str(path)])
    run(parts, "list", "--json")
    item = json.loads(capsys.readouterr().out)["models"][1]
    assert item["repository"] == "owner/Talk-GGUF"
    run(parts, "found", "--json")
    assert json.loads(capsys.readouterr().out) == {"models": []}


def test_a_folder_without_models_does_not_keep_the_others_out(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unsupported, match="1 of 2"):
        run(parts, "import", str(tmp_path), str(tiny_llama()), "--json")
    told = capsys.readouterr()
    assert "no GGUF file in this folder" in told.err
    assert len(json.loads(told.out)["models"]) == 1


def test_a_model_that_came_with_sottovoce_stays(parts: Parts) -> None:
    with pytest.raises(Refused):
        run(parts, "remove", "starter")


def test_a_cut_file_is_not_imported(parts: Parts, tmp_path: Path) -> None:
    half = tmp_path / "half.gguf"
    half.write_bytes(tiny_llama().read_bytes()[:-10_000])
    with pytest.raises(Unsupported, match="1 of 1"):
        run(parts, "import", str(half))
    with pytest.raises(Missing):
        run(parts, "verify", "half")


def test_a_shelf_that_lost_a_file_is_not_well(parts: Parts, llama: Path) -> None:
    shelf = Shelf(parts.profile.models)
    item = shelf.items()[1]
    llama.write_bytes(b"GGUF")
    with pytest.raises(Damaged, match="Not what it was") as told:
        run(parts, "verify", item.name)
    assert item.name in str(told.value)
    llama.unlink()
    llama.mkdir()
    with pytest.raises(Missing, match="Could not be verified"):
        run(parts, "verify")


@pytest.mark.parametrize(
    ("typed", "name", "scale"),
    [
        ("polite", "polite", 1.0),
        ("polite:0.5", "polite", 0.5),
        ("polite:-1", "polite", -1.0),
        ("C:\\adapters\\polite.gguf", "C:\\adapters\\polite.gguf", 1.0),
        ("./a:b.gguf:2", "./a:b.gguf", 2.0),
    ],
)
def test_an_adapter_is_named_with_its_scale(typed: str, name: str, scale: float) -> None:
    assert parse(["ask", "why", "--adapter", typed]).adapter == [(name, scale)]


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (98_362_432, "98.4 MB"), (4.92e9, "4.92 GB")],
)
def test_sizes_have_three_digits(count: float, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (12_000, "3 h 20 min")]
)
def test_times_are_told_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_transfer_tells_speed_and_time_left() -> None:
    assert transfer(Transferred(0, 4_920_000_000)) == "0 bytes of 4.92 GB"
    assert transfer(Transferred(10**9, 2 * 10**9, 10.0**8)) == "1 GB of 2 GB, 100 MB/s, 10 s left"


class Terminal:
    """What a person types."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self._lines.pop(0) if self._lines else ""
