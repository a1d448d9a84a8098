"""What the build asks PyInstaller for on systems where it is not run here."""

import plistlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

import sottovoce

ROOT = Path(__file__).parents[2]
Asked = dict[str, list[Mapping[str, object]]]


@pytest.fixture
def asked(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """All that is asked for on a system, by what is asked."""
    heard: Asked = {"EXE": [], "COLLECT": [], "BUNDLE": []}

    def hear(kind: str) -> Callable[..., str]:
        def told(*_: object, **options: object) -> str:
            heard[kind].append(options)
            return kind

        return told

    monkeypatch.setattr(sys, "platform", request.param)
    spec = ROOT / "build.spec"
    given = {
        "SPECPATH": str(ROOT),
        "workpath": str(tmp_path),
        "Analysis": lambda *_, **__: SimpleNamespace(binaries=[], datas=[], pure=[], scripts=[]),
        "PYZ": lambda *_: None,
        **{kind: hear(kind) for kind in heard},
    }
    exec(compile(spec.read_text("utf-8"), spec, "exec"), given)
    return heard


@pytest.mark.parametrize("asked", ["darwin"], indirect=True)
def test_a_mac_gets_an_application_with_a_window(asked: Asked) -> None:
    (bundle,) = asked["BUNDLE"]
    assert bundle["name"] == "Sottovoce.app"
    assert bundle["version"] == sottovoce.__version__
    assert Path(str(bundle["icon"])).stat().st_size > 0
    told = bundle["info_plist"]
    assert isinstance(told, dict)
    assert told["CFBundleExecutable"] == "sottovoce"
    assert told["LSBackgroundOnly"] is False
    assert told["CFBundleIdentifier"] == "app.sottovoce.Sottovoce"
    assert plistlib.loads(plistlib.dumps(told)) == told


@pytest.mark.parametrize("asked", ["win32"], indirect=True)
def test_programs_of_windows_have_their_icon_and_tell_who_they_are(asked: Asked) -> None:
    assert not asked["BUNDLE"]
    window, engine = asked["EXE"]
    assert (window["console"], engine["console"]) == (False, True)
    for program in (window, engine):
        assert Path(str(program["icon"])).read_bytes().startswith(b"\0\0\1\0")
        told = Path(str(program["version"])).read_text("utf-8")
        assert f"'{program['name']}.exe'" in told
        assert f"'{sottovoce.__version__}'" in told


@pytest.mark.parametrize("asked", ["linux"], indirect=True)
def test_linux_has_its_icons_in_its_packages(asked: Asked) -> None:
    assert not asked["BUNDLE"]
    assert not any("icon" in program for program in asked["EXE"])
