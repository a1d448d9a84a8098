"""The models that other programs left on this computer: found and shown, never moved or changed."""

import configparser
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sottovoce.domain.parts import parts
from sottovoce.domain.stop import Stop
from sottovoce.models.folders import gguf_files
from sottovoce.models.gguf_file import translated
from sottovoce.models.records import Record, Source, file_record, new_record

_LARGEST_NOTE = 1_000_000
"""Bytes."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A model that another program has."""

    program: str
    name: str
    files: tuple[Path, ...]
    """All parts, the first one first."""
    size: int
    """Bytes."""
    sha256: tuple[str, ...]
    """By the program's own account, for each file; empty strings where it gives none."""
    source: Source | None = None

    def record(self) -> Record:
        """What to keep of it when it is linked. Raises Missing, Refused or Damaged."""
        known = zip(self.files, self.sha256, strict=True)
        with translated():
            files = [file_record(file, sha256) for file, sha256 in known]
        # Names like sha256-… say nothing; those of GGUF files are in them.
        name = "" if self.files[0].suffix else self.name
        return Record(new_record(files).added, tuple(files), name, self.source)


@dataclass(frozen=True, slots=True)
class Computer:
    """Where programs keep things on this computer."""

    home: Path = field(default_factory=Path.home)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    platform: str = sys.platform

    @property
    def data(self) -> Path:
        """Where programs of this user keep their data."""
        if self.platform == "win32":
            return self._named("LOCALAPPDATA", self.home / "AppData" / "Local")
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        return self._named("XDG_DATA_HOME", self.home / ".local" / "share")

    @property
    def roaming(self) -> Path:
        if self.platform == "win32":
            return self._named("APPDATA", self.home / "AppData" / "Roaming")
        return self.data

    @property
    def cache(self) -> Path:
        if self.platform == "win32":
            return self.data
        if self.platform == "darwin":
            return self.home / "Library" / "Caches"
        return self._named("XDG_CACHE_HOME", self.home / ".cache")

    @property
    def settings(self) -> Path:
        """Where programs made with Qt keep theirs."""
        if self.platform == "win32":
            return self.roaming
        return self._named("XDG_CONFIG_HOME", self.home / ".config")

    def _named(self, variable: str, usual: Path) -> Path:
        return Path(self.environment.get(variable) or usual)

    def hugging_face(self) -> list[Path]:
        # It uses this place on every system.
        cache = self._named("XDG_CACHE_HOME", self.home / ".cache")
        home = self._named("HF_HOME", cache / "huggingface")
        return [self._named("HF_HUB_CACHE", home / "hub")]

    def lm_studio(self) -> list[Path]:
        return [self.home / ".lmstudio" / "models", self.home / ".cache" / "lm-studio" / "models"]

    def ollama(self) -> list[Path]:
        own = self._named("OLLAMA_MODELS", self.home / ".ollama" / "models")
        as_service = Path("/usr/share/ollama/.ollama/models")
        return [own, as_service] if self.platform == "linux" else [own]

    def gpt4all(self) -> list[Path]:
        usual = self.data / "nomic.ai" / "GPT4All"
        # Source: MySettings and main.cpp of gpt4all-chat.
        chosen = _chosen_in_gpt4all(self.settings / "nomic.ai" / "GPT4All.ini")
        return [usual, *chosen]

    def jan(self) -> list[Path]:
        # Source: get_configuration_file_path in Jan's src-tauri; the second place is the older.
        notes = self.roaming / "jan.ai.app", self._jan_before / "Jan"
        chosen = [folder for note in notes for folder in _chosen_in_jan(note / "settings.json")]
        datas = self.roaming / "Jan" / "data", self.home / "jan", *chosen
        kept = "llamacpp/models", "models"
        return [data / folder for data in dict.fromkeys(datas) for folder in kept]

    @property
    def _jan_before(self) -> Path:
        return self.settings if self.platform == "linux" else self.roaming

    def llama_cpp(self) -> list[Path]:
        return [self._named("LLAMA_CACHE", self.cache / "llama.cpp")]


def elsewhere(stop: Stop, computer: Computer | None = None) -> Iterator[Elsewhere]:
    """The models in the usual places of other programs, each once. Raises Cancelled.

    Their files are not opened; what cannot be looked at is left out.
    """
    computer = computer or Computer()
    places: list[tuple[str, list[Path], Callable[[str, Path, Stop], Iterator[Elsewhere]]]] = [
        ("Hugging Face", computer.hugging_face(), _in_hugging_face),
        ("LM Studio", computer.lm_studio(), _in_folder),
        ("Ollama", computer.ollama(), _in_ollama),
        ("GPT4All", computer.gpt4all(), _in_folder),
        ("Jan", computer.jan(), _in_folder),
        ("llama.cpp", computer.llama_cpp(), _in_folder),
    ]
    seen: set[Path] = set()
    for program, folders, look in places:
        for folder in folders:
            for model in look(program, folder, stop):
                real = model.files[0].resolve()
                if real not in seen:
                    seen.add(real)
                    yield model


def _in_folder(program: str, folder: Path, stop: Stop) -> Iterator[Elsewhere]:
    for files in dict.fromkeys(parts(file) for file in gguf_files(folder, stop)):
        if model := _model(program, files[0].stem, files, folder):
            yield model


def _in_hugging_face(program: str, folder: Path, stop: Stop) -> Iterator[Elsewhere]:
    """Its snapshots hold links to files that are named for their SHA-256."""
    for files in dict.fromkeys(parts(file) for file in gguf_files(folder, stop)):
        place = files[0].relative_to(folder).parts
        # models--owner--name/snapshots/commit/…
        if len(place) < 4 or place[1] != "snapshots" or not _COMMIT.fullmatch(place[2]):
            continue
        repository = place[0].removeprefix("models--").replace("--", "/", 1)
        source = Source(repository, place[2])
        blobs = [file.resolve().name for file in files]
        sha256 = tuple(name if _SHA256.fullmatch(name) else "" for name in blobs)
        if model := _model(program, files[0].stem, files, folder, source, sha256):
            yield model


def _in_ollama(program: str, folder: Path, stop: Stop) -> Iterator[Elsewhere]:
    """Its manifests say which of its blobs, named for their SHA-256, is the model."""
    manifests = folder / "manifests"
    for place, _, names in os.walk(manifests):
        stop.check()
        for name in sorted(names):
            manifest = Path(place, name)
            names_it = manifest.relative_to(manifests).parts
            if len(names_it) > 1 and (digest := _model_digest(manifest)):
                registry, *path, tag = names_it
                owner = path if registry == "registry.ollama.ai" else [registry, *path]
                called = "/".join(part for part in owner if part != "library")
                files = (folder / "blobs" / f"sha256-{digest}",)
                title = f"{called}:{tag}"
                if model := _model(program, title, files, folder, sha256=(digest,)):
                    yield model


def _model_digest(manifest: Path) -> str | None:
    try:
        for layer in json.loads(_note(manifest))["layers"]:
            if layer["mediaType"] == "application/vnd.ollama.image.model":
                digest = str(layer["digest"]).removeprefix("sha256:")
                return digest if _SHA256.fullmatch(digest) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return None


def _chosen_in_gpt4all(settings: Path) -> list[Path]:
    """The folder that the person chose for models there."""
    kept = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        kept.read_string(_note(settings))
    except (OSError, ValueError, configparser.Error):
        return []
    return _absolute(kept.get("General", "modelPath", fallback="").strip('"'))


def _chosen_in_jan(settings: Path) -> list[Path]:
    """The folder that the person chose for data there."""
    try:
        return _absolute(json.loads(_note(settings))["data_folder"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _absolute(path: str) -> list[Path]:
    return [Path(path)] if Path(path).is_absolute() and "\0" not in path else []


def _note(path: Path) -> str:
    """What a small file says. Raises OSError, or ValueError if it is none."""
    if not path.is_file() or path.stat().st_size > _LARGEST_NOTE:
        raise ValueError(path)
    return path.read_text("utf-8")


def _model(
    program: str,
    name: str,
    files: tuple[Path, ...],
    folder: Path,
    source: Source | None = None,
    sha256: tuple[str, ...] = (),
) -> Elsewhere | None:
    """A model if all its files are there, and really in the program's folder."""
    try:
        root = folder.resolve()
        is_there = all(file.is_file() and file.resolve().is_relative_to(root) for file in files)
        size = sum(file.stat().st_size for file in files) if is_there else 0
    except (OSError, RuntimeError):  # The second is what links in a circle bring.
        return None
    # Projectors lie beside the models that they belong to.
    if not size or "mmproj" in files[0].name.casefold():
        return None
    return Elsewhere(program, name, files, size, sha256 or ("",) * len(files), source)
