import os
import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="about Linux")


@pytest.fixture(scope="session")
def dev() -> ModuleType:
    loader = SourceFileLoader("dev", str(ROOT / "dev"))
    spec = spec_from_loader("dev", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("typed", "window"),
    [
        ("", True),
        ("--data-dir chats", True),
        ("--data-dir=chats --model talk.gguf", True),
        ("ask Why?", False),
        ("--data-dir chats ask Why?", False),
        ("doctor --json", False),
        ("--version", False),
        ("--help", False),
    ],
)
def test_a_command_needs_no_window(dev: ModuleType, typed: str, window: bool) -> None:
    assert dev.opens_window(typed.split()) is window


def test_the_environment_is_fresh_until_something_it_is_made_from_changes(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dev.fingerprint()
    assert dev.fingerprint() == before
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_CUDA=ON")
    assert dev.fingerprint() != before


def test_nothing_is_made_twice(dev: ModuleType, tmp_path: Path) -> None:
    made = []
    dev.keep(tmp_path / "stamp", "as wanted", lambda: made.append("once"))
    dev.keep(tmp_path / "stamp", "as wanted", lambda: pytest.fail("made again"))
    dev.keep(tmp_path / "stamp", "otherwise", lambda: made.append("anew"))
    assert made == ["once", "anew"]


def test_what_was_interrupted_is_made_again(dev: ModuleType, tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    dev.keep(stamp, "as wanted", lambda: None)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dev.keep(stamp, "otherwise", interrupted)
    made = []
    dev.keep(stamp, "as wanted", lambda: made.append("again"))
    assert made == ["again"]


def test_the_embedding_model_is_made_anew_when_it_is_gone(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = []
    monkeypatch.setattr(dev, "TOOLS", tmp_path)
    monkeypatch.setattr(dev, "fingerprint", (dev.ENVIRONMENT / "sottovoce.stamp").read_text)
    monkeypatch.setattr(dev, "EMBEDDING_MODEL", tmp_path / "model.gguf")
    monkeypatch.setattr(dev, "make_embedding_model", lambda: made.append("model"))
    dev.set_up()
    dev.set_up()
    assert made == ["model", "model"]


def test_a_stranger_is_told_how_to_use_it() -> None:
    answer = subprocess.run([ROOT / "dev", "dance"], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "./dev run" in answer.stderr


@only_linux
def test_without_a_display_the_window_says_so_at_once() -> None:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    variables = {name: value for name, value in os.environ.items() if name not in hidden}
    answer = subprocess.run(
        [ROOT / "dev", "run"], env=variables, capture_output=True, text=True, timeout=20
    )
    assert answer.returncode == 1
    assert "no display" in answer.stderr
    assert "./dev run ask" in answer.stderr


@only_linux
def test_without_rights_it_names_the_command_that_installs(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "loads", lambda library: library != "libEGL.so.1")
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev.os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match=r"sudo apt-get install .* libegl1$"):
        dev.need_window_libraries()


@only_linux
def test_every_system_library_that_qt_loads_is_on_the_list(dev: ModuleType) -> None:
    package = find_spec("PySide6")
    assert package is not None
    assert package.origin is not None
    qt = Path(package.origin).parent / "Qt"
    libraries = [
        f"libQt6{name}.so.6" for name in ("Core", "DBus", "Gui", "Svg", "Widgets", "XcbQpa")
    ]
    plugins = [f"libq{name}.so" for name in ("offscreen", "wayland", "xcb")]
    files = [qt / "lib" / name for name in libraries]
    files += [qt / "plugins" / "platforms" / name for name in plugins]
    listing = subprocess.run(["readelf", "-d", *files], check=True, capture_output=True, text=True)
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", listing.stdout))
    # Qt brings its own parts; the others come with Python, the compiler or libglib2.0-0.
    there = re.compile(
        r"lib(Qt6|icu|c\.|m\.|gcc_s|stdc\+\+|z\.|zstd|gthread-2)|ld-linux|libpthread|libdl"
    )
    assert {name for name in needed if not there.match(name)} <= set(dev.WINDOW_LIBRARIES)
