import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads files of Linux")


@pytest.fixture
def checking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The check, with a list that has the C library alone."""
    monkeypatch.syspath_prepend(str(PACKAGING))
    module = import_module("check_libraries")
    listed = tmp_path / "minimum.toml"
    listed.write_text('glibc = "2.35"\n[libraries]\n"libc.so.6" = "libc6"\n')
    monkeypatch.setattr(module, "LIST", listed)
    return module


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build with one library, which needs another that lies beside it."""
    inside = tmp_path / "sottovoce" / "_internal"
    inside.mkdir(parents=True)
    made(inside / "libbeneath.so", "void beneath(void) {}")
    made(
        inside / "libabove.so",
        "void beneath(void); void above(void) { beneath(); }",
        "libbeneath.so",
    )
    return inside.parent


def made(path: Path, source: str, *needs: str) -> None:
    options = ["-shared", "-fPIC", "-Wl,--no-as-needed", "-x", "c", "-", "-x", "none"]
    command = ["cc", *options, *(str(path.with_name(name)) for name in needs)]
    soname = f"-Wl,-soname,{path.name}"
    subprocess.run([*command, soname, "-o", path], input=source.encode(), check=True)


def test_a_build_that_has_everything_passes(checking: ModuleType, build: Path) -> None:
    assert list(checking.check(build)) == []


def test_what_lies_nowhere_is_told(checking: ModuleType, build: Path) -> None:
    (build / "_internal" / "libbeneath.so").unlink()
    assert list(checking.check(build)) == [
        "_internal/libabove.so needs libbeneath.so, which nobody has."
    ]


def test_what_older_systems_do_not_have_is_told(
    checking: ModuleType, build: Path, tmp_path: Path
) -> None:
    (tmp_path / "minimum.toml").write_text('glibc = "2.0"\n[libraries]\n"libc.so.6" = "libc6"\n')
    troubles = list(checking.check(build))
    assert troubles
    assert all("needs glibc 2." in trouble for trouble in troubles)


def test_what_is_listed_in_vain_is_told(checking: ModuleType, build: Path, tmp_path: Path) -> None:
    with (tmp_path / "minimum.toml").open("a") as listed:
        listed.write('"libX11.so.6" = "libx11-6"\n')
    assert list(checking.check(build)) == ["libX11.so.6 is on the list, and nothing needs it."]
