"""The installer for Windows, compiled and run by Wine, with other programs in Sottovoce's place."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
MAKENSIS = shutil.which("makensis")
WINE = shutil.which("wine64", path=f"{os.environ['PATH']}:/usr/lib/wine")
DISPLAY = shutil.which("Xvfb")
PROGRAMS = Path("/usr/lib/x86_64-linux-gnu/wine/x86_64-windows")
ENTRY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\app.sottovoce.Sottovoce"
IS_OPEN, NEWER_INSTALLED, WINDOWS_TOO_OLD = 3, 4, 5
INSTALLED = {"_internal", "bin", "sottovoce.exe", "sottovoce-engine.exe", "uninstall.exe"}
PATIENCE = 30.0

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(
        sys.platform != "linux" or not (MAKENSIS and WINE and PROGRAMS.is_dir()),
        reason="needs makensis and Wine",
    ),
]

Setup = Callable[..., Path]


@dataclass(frozen=True)
class Windows:
    """A computer of its own, as far as Wine goes."""

    root: Path
    environment: Mapping[str, str]

    @property
    def local(self) -> Path:
        (user,) = (
            each for each in (self.root / "drive_c/users").iterdir() if each.name != "Public"
        )
        return user / "AppData" / "Local"

    @property
    def folder(self) -> Path:
        """Where Sottovoce is installed."""
        return self.local / "Programs" / "Sottovoce"

    @property
    def data(self) -> Path:
        return self.local / "Sottovoce"

    @property
    def start_menu(self) -> Path:
        return self.local.parent / "Roaming/Microsoft/Windows/Start Menu/Programs/Sottovoce.lnk"

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(WINE), *map(str, command)],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="cp850",  # What terminals of Windows speak here.
        )

    def run(self, *command: str | Path) -> int:
        with self.start(*command) as process:
            process.communicate(timeout=PATIENCE)
        return process.returncode

    def register(self, *entry: str) -> None:
        """Add to the registry: tried again, because Wine now and then refuses a busy moment."""
        until(lambda: self.run("reg", "add", *entry, "/f") == 0)

    def registry(self, *query: str) -> str:
        with self.start("reg", "query", *query) as process:
            output, _ = process.communicate(timeout=PATIENCE)
        return output

    def uninstall(self, *options: str) -> None:
        """It goes on by itself in a copy, so that the file can be removed, and is waited for."""
        assert self.run(self.folder / "uninstall.exe", "/S", *options) == 0
        self.await_uninstaller()
        assert not self.folder.exists()
        assert not self.is_listed()

    def await_uninstaller(self) -> None:
        """Return when the copy has ended, too, which cleans up after what can be seen is gone."""
        until(lambda: not _is_open(self.local / "Temp" / "~nsu"))

    def is_listed(self) -> bool:
        """Whether Sottovoce is among the installed programs."""
        return self.run("reg", "query", ENTRY) == 0


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)  # Nothing tells when a process of Wine has ended.


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    if DISPLAY is None:
        pytest.skip("needs Xvfb")
    reading, writing = os.pipe()
    with subprocess.Popen(
        [DISPLAY, "-displayfd", str(writing), "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    ) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
        server.terminate()


@pytest.fixture(scope="module")
def computer(display: str) -> Iterator[Windows]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "wine")
        environment = os.environ | {
            "DISPLAY": display,
            "HOME": folder,
            "WINEPREFIX": str(root),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=",
        }
        windows = Windows(root, environment)
        assert windows.run("wineboot", "--init") == 0
        # While one program runs, Wine's server and services do not end and begin anew in between.
        with windows.start("cmd") as keeping:
            yield windows
            keeping.communicate("exit\n", timeout=PATIENCE)
        windows.run("wineboot", "--end-session", "--force", "--kill")
        until(lambda: _removed(root))


def _removed(root: Path) -> bool:
    shutil.rmtree(root, ignore_errors=True)
    return not root.exists()


@pytest.fixture
def windows(computer: Windows) -> Iterator[Windows]:
    """The computer with Windows 10 and nothing installed."""
    computer.register(r"HKCU\Software\Wine", "/v", "Version", "/d", "win10")
    yield computer
    if (computer.folder / "uninstall.exe").exists():
        computer.uninstall("/DATA=remove")


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """Compiles the installer of a version."""
    place = tmp_path_factory.mktemp("setup")
    spec = spec_from_file_location("icon_forms", PACKAGING / "icons" / "forms.py")
    assert spec is not None
    assert spec.loader is not None
    forms = module_from_spec(spec)
    spec.loader.exec_module(forms)
    forms.write_ico(place / "sottovoce.ico")
    forms.write_banner(place / "sottovoce.bmp")

    def compiled(version: str, sign: Path | None = None) -> Path:
        made = place / f"{version}.exe"
        if made.exists():
            return made
        payload = place / version
        (payload / "_internal").mkdir(parents=True)
        (payload / "_internal" / version).write_text("what this version needs")
        (payload / "_internal" / "ünï-कोड.txt").write_text("a name in many scripts")
        shutil.copy(PROGRAMS / "notepad.exe", payload / "sottovoce.exe")
        shutil.copy(PROGRAMS / "hostname.exe", payload / "sottovoce-engine.exe")
        options = {"PAYLOAD": payload, "VERSION": version, "ICONS": place}
        options |= {"OUTPUT": made, "CLOSING_STEPS": "12"}
        if sign:
            options |= {"SIGN": sign}
        subprocess.run(
            [
                str(MAKENSIS), "-V2", "-WX", "-XTarget amd64-unicode",
                *(f"-D{name}={value}" for name, value in options.items()),
                PACKAGING / "windows" / "setup.nsi",
            ],
            check=True,
        )  # fmt: skip
        return made

    return compiled


def test_it_installs_for_one_user_and_can_be_found(windows: Windows, setup: Setup) -> None:
    assert windows.run(setup("0.1.0"), "/S") == 0

    assert {path.name for path in windows.folder.iterdir()} == INSTALLED
    assert (windows.folder / "_internal" / "ünï-कोड.txt").exists()
    assert windows.start_menu.exists()
    entry = windows.registry(ENTRY)
    assert "0.1.0" in entry
    assert "QuietUninstallString" in entry


def test_files_of_models_go_on_being_opened_by_what_opened_them(
    windows: Windows, setup: Setup
) -> None:
    key = r"HKCU\Software\Classes\.gguf"
    windows.register(key, "/ve", "/d", "Other.Program")

    assert windows.run(setup("0.1.0"), "/S") == 0
    assert "Other.Program" in windows.registry(key, "/ve")
    assert "app.sottovoce.Sottovoce.gguf" in windows.registry(rf"{key}\OpenWithProgids")

    windows.uninstall()
    assert "Other.Program" in windows.registry(key, "/ve")
    assert "ottovoce" not in windows.registry(r"HKCU\Software\Classes", "/s")


def test_the_command_is_put_on_a_path_of_any_length_and_taken_off(
    windows: Windows, setup: Setup
) -> None:
    before = ";".join([rf"%USERPROFILE%\tools\{number:04}" for number in range(200)])
    key = r"HKCU\Environment"
    windows.register(key, "/v", "Path", "/t", "REG_EXPAND_SZ", "/d", before)

    assert windows.run(setup("0.1.0"), "/S", "/PATH") == 0
    assert windows.run(setup("0.1.0"), "/S", "/PATH") == 0
    after = windows.registry(key, "/v", "Path")
    assert before in after
    assert after.count(r"Programs\Sottovoce\bin") == 1

    windows.uninstall()
    line = next(line for line in windows.registry(key).splitlines() if "Path " in line)
    assert line.split(maxsplit=2) == ["Path", "REG_EXPAND_SZ", before]
    assert windows.run("reg", "delete", key, "/v", "Path", "/f") == 0


def test_a_newer_version_takes_the_place_of_an_open_one_whose_window_closes(
    windows: Windows, setup: Setup
) -> None:
    assert windows.run(setup("0.1.0"), "/S") == 0
    with windows.start(windows.folder / "sottovoce.exe") as program:
        until(lambda: _is_open(windows.folder / "sottovoce.exe"))

        assert windows.run(setup("0.2.0"), "/S") == 0
        program.communicate(timeout=PATIENCE)

    assert program.returncode == 0
    assert not (windows.folder / "_internal" / "0.1.0").exists()
    assert (windows.folder / "_internal" / "0.2.0").exists()
    assert "0.2.0" in windows.registry(ENTRY)


def test_what_does_not_close_keeps_its_files(windows: Windows, setup: Setup) -> None:
    assert windows.run(setup("0.1.0"), "/S") == 0
    engine_file = windows.folder / "sottovoce-engine.exe"
    shutil.copy(PROGRAMS / "cmd.exe", engine_file)  # It has no window, and waits for its input.
    with windows.start(engine_file) as engine:
        until(lambda: _is_open(engine_file))

        assert windows.run(setup("0.2.0"), "/S") == IS_OPEN
        engine.communicate("exit\n", timeout=PATIENCE)

    assert (windows.folder / "_internal" / "0.1.0").exists()
    assert not (windows.folder / "sottovoce.new").exists()


def _is_open(program: Path) -> bool:
    """Whether a process has this file, or one whose path begins so, in its memory."""
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            if str(program) in maps.read_text():
                return True
        except OSError:
            pass  # It has just ended, or is somebody else's.
    return False


def test_an_older_version_is_installed_only_when_that_is_said(
    windows: Windows, setup: Setup
) -> None:
    assert windows.run(setup("0.2.0"), "/S") == 0

    assert windows.run(setup("0.1.0"), "/S") == NEWER_INSTALLED
    assert "0.2.0" in windows.registry(ENTRY)
    assert windows.run(setup("0.1.0"), "/S", "/OLDER") == 0
    assert "0.1.0" in windows.registry(ENTRY)


def test_uninstalling_keeps_chats_unless_told_and_never_touches_the_rest(
    windows: Windows, setup: Setup
) -> None:
    windows.data.mkdir()
    (windows.data / "sottovoce.db").write_text("chats")
    chosen = windows.root / "drive_c" / "things"
    chosen.mkdir()
    (chosen / "letter.txt").write_text("not Sottovoce's")
    assert windows.run(setup("0.1.0"), "/S", "/D=C:\\things") == 0

    assert windows.run(chosen / "uninstall.exe", "/S") == 0
    windows.await_uninstaller()
    assert not windows.is_listed()
    assert [path.name for path in chosen.iterdir()] == ["letter.txt"]
    assert (windows.data / "sottovoce.db").exists()
    assert not windows.start_menu.exists()

    assert windows.run(setup("0.1.0"), "/S") == 0
    windows.uninstall("/DATA=remove")
    assert not windows.data.exists()


def test_folders_of_others_stay_where_they_are(windows: Windows, setup: Setup) -> None:
    chosen = windows.root / "drive_c" / "Ünï programs"
    for name in ("incoming", "outgoing", "bin", "_internal"):
        (chosen / name).mkdir(parents=True)
        (chosen / name / "letter.txt").write_text("not Sottovoce's")

    # In two, because the last switch has no quotes, and what is started gets quotes around spaces.
    assert windows.run(setup("0.1.0"), "/S", "/D=C:\\Ünï", "programs") == 0
    installed = chosen / "Sottovoce"  # The program of another lies in the folder that was chosen.
    assert (installed / "_internal" / "0.1.0").exists()
    assert r"C:\Ünï programs\Sottovoce" in windows.registry(ENTRY, "/v", "InstallLocation")

    shutil.copy(installed / "uninstall.exe", chosen)
    assert windows.run(chosen / "uninstall.exe", "/S") == 0
    windows.await_uninstaller()
    assert windows.run(setup("0.1.0"), "/S", "/D=C:\\Ünï", "programs") == 0
    assert windows.run(installed / "uninstall.exe", "/S") == 0
    windows.await_uninstaller()
    assert not installed.exists()
    assert {path.parent.name for path in chosen.rglob("letter.txt")} == {
        "incoming", "outgoing", "bin", "_internal",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("aside", "in_place"),
    [
        (["_internal"], []),
        (["_internal", "sottovoce.exe", "sottovoce-engine.exe"], []),
        (["_internal", "sottovoce.exe", "sottovoce-engine.exe"], ["_internal"]),
        (["_internal", "sottovoce.exe", "sottovoce-engine.exe"], ["_internal", "sottovoce.exe"]),
    ],
)
def test_what_a_power_failure_left_half_done_is_installed_over(
    windows: Windows, setup: Setup, aside: list[str], in_place: list[str]
) -> None:
    assert windows.run(setup("0.1.0"), "/S") == 0
    for name in aside:
        (windows.folder / "sottovoce.old").mkdir(exist_ok=True)
        (windows.folder / name).rename(windows.folder / "sottovoce.old" / name)
    for name in in_place:
        if name == "_internal":
            (windows.folder / name).mkdir()
        else:
            (windows.folder / name).write_bytes(b"of the newer one")

    assert windows.run(setup("0.2.0"), "/S") == 0
    assert {path.name for path in windows.folder.iterdir()} == INSTALLED
    assert (windows.folder / "_internal" / "0.2.0").exists()
    assert not (windows.folder / "_internal" / "0.1.0").exists()
    assert (windows.folder / "sottovoce.exe").stat().st_size > 1000


def test_the_uninstaller_is_signed_when_it_is_compiled(setup: Setup, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    sign.write_text('#!/bin/sh\ncp -- "$1" "$0.asked"\n')
    sign.chmod(0o755)
    setup("0.3.0", sign=sign)
    assert sign.with_suffix(".asked").read_bytes().startswith(b"MZ")


def test_it_refuses_a_windows_that_is_too_old(windows: Windows, setup: Setup) -> None:
    windows.register(r"HKCU\Software\Wine", "/v", "Version", "/d", "win7")

    assert windows.run(setup("0.1.0"), "/S") == WINDOWS_TOO_OLD
    assert not windows.folder.exists()
