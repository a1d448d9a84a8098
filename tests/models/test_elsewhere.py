import hashlib
import json
import os
from pathlib import Path

import pytest

from sottovoce.domain.stop import Stop
from sottovoce.models.elsewhere import Computer, Elsewhere, elsewhere
from sottovoce.models.records import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def put(path: Path, content: bytes = b"GGUF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(
    home: Path, platform: str = "linux", environment: dict[str, str] | None = None
) -> list[Elsewhere]:
    return list(elsewhere(Stop(), Computer(home, environment or {}, platform)))


def hub_file(hub: Path, name: str, content: bytes = b"GGUF") -> tuple[Path, str]:
    """A file as Hugging Face's own client leaves it."""
    repository = hub / "models--owner--Talk-GGUF"
    sha256 = hashlib.sha256(content).hexdigest()
    put(repository / "blobs" / sha256, content)
    path = repository / "snapshots" / COMMIT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.relpath(repository / "blobs" / sha256, path.parent))
    return path, sha256


def ollama_model(folder: Path, name: str, content: bytes = b"GGUF") -> Path:
    digest = hashlib.sha256(content).hexdigest()
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:" + "0" * 64},
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"},
    ]
    put(folder / "manifests" / name, json.dumps({"layers": layers}).encode())
    return put(folder / "blobs" / f"sha256-{digest}", content)


def test_a_new_computer_has_none(home: Path) -> None:
    assert found(home) == []


@pytest.mark.parametrize(
    ("platform", "place", "program"),
    [
        ("linux", ".lmstudio/models/owner/repo/a.gguf", "LM Studio"),
        ("linux", ".cache/lm-studio/models/owner/repo/a.gguf", "LM Studio"),
        ("linux", ".local/share/nomic.ai/GPT4All/a.gguf", "GPT4All"),
        ("linux", ".local/share/Jan/data/llamacpp/models/a/a.gguf", "Jan"),
        ("linux", ".cache/llama.cpp/a.gguf", "llama.cpp"),
        ("darwin", "Library/Application Support/nomic.ai/GPT4All/a.gguf", "GPT4All"),
        ("darwin", "Library/Application Support/Jan/data/models/a/a.gguf", "Jan"),
        ("darwin", "Library/Caches/llama.cpp/a.gguf", "llama.cpp"),
        ("win32", "AppData/Local/nomic.ai/GPT4All/a.gguf", "GPT4All"),
        ("win32", "AppData/Roaming/Jan/data/llamacpp/models/a/a.gguf", "Jan"),
        ("win32", "AppData/Local/llama.cpp/a.gguf", "llama.cpp"),
    ],
)
def test_models_are_found_where_programs_keep_them(
    home: Path, platform: str, place: str, program: str
) -> None:
    path = put(home / place)
    [model] = found(home, platform)
    assert (model.program, model.files, model.size) == (program, (path,), 4)


def test_what_hugging_face_keeps_says_where_it_is_from(home: Path) -> None:
    path, sha256 = hub_file(home / ".cache/huggingface/hub", "talk-Q4_K_M.gguf")
    [model] = found(home)
    assert model.files == (path,)
    assert model.sha256 == (sha256,)
    assert model.source == Source("owner/Talk-GGUF", COMMIT)
    assert model.record().source == model.source


def test_a_place_of_ones_own_choice_is_known(home: Path, tmp_path: Path) -> None:
    hub_file(tmp_path / "hub", "talk.gguf")
    ollama_model(tmp_path / "ollama", "registry.ollama.ai/library/talk/8b", b"GGUF2")
    environment = {"HF_HUB_CACHE": str(tmp_path / "hub"), "OLLAMA_MODELS": str(tmp_path / "ollama")}
    assert [model.program for model in found(home, "linux", environment)] == [
        "Hugging Face",
        "Ollama",
    ]


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        ("registry.ollama.ai/library/llama3.1/8b", "llama3.1:8b"),
        ("registry.ollama.ai/someone/talk/latest", "someone/talk:latest"),
        ("hf.co/owner/Talk-GGUF/Q4_K_M", "hf.co/owner/Talk-GGUF:Q4_K_M"),
    ],
)
def test_what_ollama_keeps_has_its_name(home: Path, manifest: str, name: str) -> None:
    blob = ollama_model(home / ".ollama/models", manifest)
    [model] = found(home)
    assert (model.name, model.files) == (name, (blob,))
    assert model.record().name == name
    assert model.record().files[0].sha256 == blob.name.removeprefix("sha256-")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b'{"layers": 1}',
        b'{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "../../x"}]}',
        b"[" * 100_000,
        b" " * 2_000_000,
    ],
)
def test_a_manifest_that_makes_no_sense_is_left_out(home: Path, manifest: bytes) -> None:
    put(home / ".ollama/models/manifests/registry.ollama.ai/library/talk/8b", manifest)
    assert found(home) == []


def test_a_manifest_in_no_folder_or_that_is_a_pipe_is_left_out(home: Path) -> None:
    ollama_model(home / ".ollama/models", "stray")
    os.mkfifo(home / ".ollama/models/manifests/pipe")
    assert found(home) == []


@pytest.mark.parametrize(
    ("settings", "says", "kept"),
    [
        (".config/nomic.ai/GPT4All.ini", "[General]\nuserName=me\nmodelPath={}/\n", "a.gguf"),
        (".config/nomic.ai/GPT4All.ini", '[General]\nmodelPath="{}"\n', "a.gguf"),
        (".local/share/jan.ai.app/settings.json", '{{"data_folder": "{}"}}', "models/a.gguf"),
        (".config/Jan/settings.json", '{{"data_folder": "{}"}}', "llamacpp/models/x/a.gguf"),
    ],
)
def test_folders_chosen_in_other_programs_are_known(
    home: Path, tmp_path: Path, settings: str, says: str, kept: str
) -> None:
    path = put(tmp_path / "my models" / kept)
    put(home / settings, says.format(tmp_path / "my models").encode())
    assert [model.files for model in found(home)] == [(path,)]


@pytest.mark.parametrize(
    "says", [b"", b"\xff", b"{}", b"[1]", b'{"data_folder": 7}', b"modelPath=x"]
)
def test_settings_that_make_no_sense_are_left_out(home: Path, says: bytes) -> None:
    put(home / ".config/nomic.ai/GPT4All.ini", says)
    put(home / ".config/Jan/settings.json", says)
    assert found(home) == []


def test_all_parts_are_one_model_and_some_are_none(home: Path) -> None:
    folder = home / ".lmstudio/models/owner/repo"
    first, second = (put(folder / f"big-0000{n}-of-00002.gguf") for n in (1, 2))
    put(folder / "half-00001-of-00002.gguf")
    [model] = found(home)
    assert (model.files, model.size) == ((first, second), 8)


def test_links_that_lead_elsewhere_are_left_out(home: Path, tmp_path: Path) -> None:
    secret = put(tmp_path / "outside.gguf")
    folder = home / ".lmstudio" / "models"
    folder.mkdir(parents=True)
    (folder / "out.gguf").symlink_to(secret)
    (folder / "circle.gguf").symlink_to(folder / "circle.gguf")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    (folder / "null.gguf").symlink_to(os.devnull)
    assert found(home) == []


def test_projectors_are_left_out(home: Path) -> None:
    put(home / ".lmstudio/models/owner/repo/mmproj-talk-f16.gguf")
    assert found(home) == []


def test_nothing_is_changed(home: Path) -> None:
    put(home / ".lmstudio/models/a.gguf")
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/talk/8b")
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    assert len(found(home)) == 2
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
