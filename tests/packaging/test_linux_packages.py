"""The packages for Linux, made of an application that does nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sottovoce.cli.arguments import parse

LINUX = Path(__file__).parents[2] / "packaging" / "linux"
ID = "app.sottovoce.Sottovoce"
NAME = "sottovoce-0.1.0"
DEB = "sottovoce_0.1.0_amd64.deb"
TAR = "sottovoce-0.1.0-linux-x86_64.tar.zst"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not all(map(shutil.which, ("dpkg-deb", "zstd", "tar"))),
    reason="packages for Linux are made with dpkg-deb and zstd",
)
Packer = Callable[..., Path]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs that say their version, a library, a model, and notices."""
    folder = tmp_path_factory.mktemp("built") / "sottovoce"
    resources = folder / "_internal" / "sottovoce" / "resources"
    for name in ("notices", "starter"):
        (resources / name).mkdir(parents=True)
    for name in ("sottovoce", "sottovoce-engine"):
        (folder / name).write_text('#!/bin/sh\necho "sottovoce 0.1.0"\n')
        (folder / name).chmod(0o700)
    (folder / "_internal" / "libq.so.1").write_bytes(b"as long as nobody loads it")
    (folder / "_internal" / "libq.so.1").chmod(0o775)
    (folder / "_internal" / "libq.so").symlink_to("libq.so.1")
    (resources / "starter" / "small.gguf").write_bytes(b"GGUF")
    notices = [{"name": "libq", "version": "1", "licence": "MIT", "files": [], "home page": ""}]
    (resources / "notices" / "notices.json").write_text(json.dumps(notices))
    return folder


@pytest.fixture(scope="module")
def pack(application: Path) -> Packer:
    def made(kind: str, output: Path, *options: str) -> Path:
        done = subprocess.run(
            [sys.executable, LINUX / "packages.py", kind, application, output, *options],
            check=True,
            capture_output=True,
            text=True,
        )
        return Path(done.stdout.strip())

    return made


@pytest.fixture(scope="module")
def deb(pack: Packer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack("deb", tmp_path_factory.mktemp("deb"))


@pytest.fixture
def unpacked(pack: Packer, tmp_path: Path) -> Path:
    """What a person has who unpacked the archive."""
    subprocess.run(["tar", "-xf", pack("tar", tmp_path / "made"), "-C", tmp_path], check=True)
    return tmp_path / NAME


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "a home"
    folder.mkdir()
    return folder


def install(folder: Path, home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "XDG_DATA_HOME"}
    return subprocess.run(
        [folder / "install.sh", *options],
        env=environment | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def field(deb: Path, name: str) -> str:
    return subprocess.check_output(["dpkg-deb", "--field", deb, name], text=True).strip()


def listed(deb: Path) -> dict[str, tuple[str, str]]:
    """Rights and owner of everything in a .deb, by name."""
    table = subprocess.check_output(["dpkg-deb", "--contents", deb], text=True)
    lines = [line.split(maxsplit=5) for line in table.splitlines()]
    return {line[5].removeprefix("./").split(" -> ")[0]: (line[0], line[1]) for line in lines}


@pytest.mark.parametrize(("kind", "name"), [("deb", DEB), ("tar", TAR)])
def test_the_same_application_gives_the_same_bytes(
    pack: Packer, application: Path, tmp_path: Path, kind: str, name: str
) -> None:
    first = pack(kind, tmp_path / "first")
    for path in application.rglob("*"):
        os.utime(path, follow_symlinks=False)
    before = os.umask(0o077)
    try:
        second = pack(kind, tmp_path / "second")
    finally:
        os.umask(before)
    assert first.name == second.name == name
    assert first.read_bytes() == second.read_bytes()


def test_everything_belongs_to_root_and_only_programs_are_to_be_started(deb: Path) -> None:
    content = listed(deb)
    started = {name for name, (rights, _) in content.items() if rights == "-rwxr-xr-x"}
    assert started == {"usr/lib/sottovoce/sottovoce", "usr/lib/sottovoce/sottovoce-engine"}
    assert {owner for _, owner in content.values()} == {"root/root"}
    assert {rights for rights, _ in content.values()} == {
        *("-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x", "lrwxrwxrwx")
    }
    assert "usr/lib/sottovoce/_internal/libq.so" in content


def test_no_script_runs_when_it_is_installed(deb: Path) -> None:
    members = subprocess.run(
        ["dpkg-deb", "--ctrl-tarfile", deb], capture_output=True, check=True
    ).stdout
    names = subprocess.check_output(["tar", "-t"], input=members).decode().split()
    assert sorted(names) == ["./", "./control", "./md5sums"]


def test_the_libraries_of_the_minimum_system_are_all_it_asks_for(deb: Path) -> None:
    needed = field(deb, "Depends").split(", ")
    assert needed[0].startswith("libc6 (>= 2.")
    assert "libgl1" in needed
    assert not any("python" in each or "qt" in each.casefold() for each in needed)


def test_a_package_without_models_has_none(pack: Packer, tmp_path: Path) -> None:
    package = pack("deb", tmp_path, "--without-models")
    assert package.name == "sottovoce_0.1.0_amd64-without-models.deb"
    assert not any("starter" in name for name in listed(package))
    assert field(package, "Package") == "sottovoce"


def test_the_terms_of_what_it_holds_are_named(deb: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", deb, tmp_path], check=True)
    told = (tmp_path / "usr/share/doc/sottovoce/copyright").read_text()
    assert "libq 1: MIT" in told
    assert "Apache License" in told


@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is not installed")
def test_lintian_has_nothing_to_warn_of(deb: Path) -> None:
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", deb],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "checker",
    [
        ("desktop-file-validate", "applications", ".desktop"),
        ("appstreamcli validate --no-net", "metainfo", ".metainfo.xml"),
    ],
)
def test_the_desktop_understands_what_it_is_told(checker: tuple[str, str, str]) -> None:
    command, folder, suffix = checker
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"{command.split()[0]} is not installed")
    subprocess.run([*command.split(), LINUX / "share" / folder / (ID + suffix)], check=True)


@pytest.mark.skipif(
    shutil.which("update-mime-database") is None, reason="shared-mime-info is not installed"
)
def test_models_and_bundles_are_known_by_their_names_and_first_letters(
    tmp_path: Path, home: Path
) -> None:
    shutil.copytree(LINUX / "share" / "mime", tmp_path / "mime")
    subprocess.run(["update-mime-database", tmp_path / "mime"], check=True)
    globs = (tmp_path / "mime" / "globs2").read_text()
    assert "application/x-gguf:*.gguf" in globs
    assert "application/x-sottovoce-bundle:*.sottovoce-bundle" in globs
    desktop = (LINUX / "share" / "applications" / f"{ID}.desktop").read_text()
    assert "MimeType=application/x-gguf;application/x-sottovoce-bundle;" in desktop


def test_the_manual_page_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    page = (LINUX / "share" / "man" / "man1" / "sottovoce.1").read_text()
    with pytest.raises(SystemExit):
        parse(["--help"])
    told = capsys.readouterr().out
    table = told.split("COMMAND\n")[-1].split("\n\n")[0]
    commands = [line.split()[0] for line in table.splitlines() if line[4:5].strip()]
    assert "doctor" in commands
    assert [
        each for each in commands if f"\n.B {each}\n" not in page and f'"{each} "' not in page
    ] == []


def test_installed_for_one_user_it_starts_and_is_in_the_menus(unpacked: Path, home: Path) -> None:
    assert install(unpacked, home).returncode == 0
    shutil.rmtree(unpacked)

    told = subprocess.check_output([home / ".local/bin/sottovoce", "--version"], text=True)
    entry = (home / f".local/share/applications/{ID}.desktop").read_text()
    assert told == "sottovoce 0.1.0\n"
    assert f'Exec="{home}/.local/lib/sottovoce/sottovoce" %f' in entry
    assert (home / f".local/share/icons/hicolor/256x256/apps/{ID}.png").exists()
    assert (home / ".local/share/man/man1/sottovoce.1").exists()


def test_a_newer_version_takes_the_place_of_the_older(unpacked: Path, home: Path) -> None:
    install(unpacked, home)
    installed = home / ".local/lib/sottovoce"
    (installed / "_internal" / "gone-since").touch()
    (home / ".local/share/Sottovoce").mkdir()
    (home / ".local/share/Sottovoce/sottovoce.db").write_text("chats")

    assert install(unpacked, home).returncode == 0

    assert not (installed / "_internal" / "gone-since").exists()
    assert sorted(each.name for each in installed.parent.iterdir()) == ["sottovoce"]
    assert (home / ".local/share/Sottovoce/sottovoce.db").read_text() == "chats"


def test_what_somebody_put_beside_it_outlives_every_version(unpacked: Path, home: Path) -> None:
    assert install(unpacked, home).returncode == 0
    theirs = home / ".local" / "lib" / "sottovoce" / "notes.txt"
    theirs.write_text("theirs")
    for _ in range(2):
        assert install(unpacked, home).returncode == 0
        assert theirs.read_text() == "theirs"
    assert [each.name for each in theirs.parents[1].iterdir()] == ["sottovoce"]


def test_a_command_of_somebody_elses_is_left(unpacked: Path, home: Path) -> None:
    theirs = home / ".local" / "bin" / "sottovoce"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    assert "not ours" in install(unpacked, home).stdout
    assert install(unpacked, home, "--uninstall").returncode == 0
    assert theirs.read_text() == "theirs"


def test_any_home_can_be_told_to_the_menus(unpacked: Path, tmp_path: Path) -> None:
    home = tmp_path / 'Zoë | 100 % "R&D" $a `b` c'
    home.mkdir()
    assert install(unpacked, home).returncode == 0
    entry = home / ".local/share/applications/app.sottovoce.Sottovoce.desktop"
    (told,) = [line for line in entry.read_text().splitlines() if line.startswith("Exec=")]
    value = told.removeprefix("Exec=").replace("\\\\", "\\")  # As a value; then as a command.
    assert value.endswith('" %f')
    program = re.sub(r"\\(.)", r"\1", value[1:-4]).replace("%%", "%")
    assert program == str(home / ".local/lib/sottovoce/sottovoce")


def test_removed_it_leaves_nothing_but_what_its_user_wrote(unpacked: Path, home: Path) -> None:
    (home / ".local/share/applications").mkdir(parents=True)
    (home / ".local/share/applications/other.desktop").touch()
    install(unpacked, home)
    (home / ".local/share/Sottovoce").mkdir()
    (home / ".local/share/Sottovoce/sottovoce.db").touch()

    done = install(home / ".local/lib/sottovoce", home, "--uninstall")

    assert done.returncode == 0, done.stderr
    assert str(home / ".local/share/Sottovoce") in done.stdout
    left = {path.name for path in home.rglob("*") if path.is_file() or path.is_symlink()}
    made_by_desktop = {"mimeinfo.cache", "icon-theme.cache"} | {
        path.name for path in (home / ".local/share/mime").glob("*") if path.is_file()
    }
    assert left - made_by_desktop == {"other.desktop", "sottovoce.db"}


def test_data_beside_a_portable_program_is_not_removed_with_it(unpacked: Path, home: Path) -> None:
    install(unpacked, home)
    data = home / ".local/lib/sottovoce/data"
    data.mkdir()
    (data / "sottovoce.db").touch()
    done = install(home / ".local/lib/sottovoce", home, "--uninstall")
    assert (data / "sottovoce.db").exists()
    assert str(data.parent) in done.stdout


def test_half_an_archive_is_not_installed(unpacked: Path, home: Path) -> None:
    shutil.rmtree(unpacked / "_internal")
    done = install(unpacked, home)
    assert done.returncode == 1
    assert "_internal is missing" in done.stderr
    assert list(home.iterdir()) == []


def test_the_archive_holds_one_folder_without_anybodys_name(pack: Packer, tmp_path: Path) -> None:
    plain = subprocess.check_output(["zstd", "-dc", pack("tar", tmp_path)])
    (tmp_path / "plain.tar").write_bytes(plain)
    with tarfile.open(tmp_path / "plain.tar") as archive:
        members = archive.getmembers()
    assert {member.name.split("/")[0] for member in members} == {NAME}
    assert {(member.uid, member.gid) for member in members} == {(0, 0)}
    assert len({member.mtime for member in members}) == 1


@pytest.mark.skipif(
    shutil.which("desktop-file-validate") is None, reason="desktop-file-utils is not installed"
)
def test_the_folder_of_an_appimage_is_one_that_starts(application: Path, tmp_path: Path) -> None:
    made = subprocess.run(
        [LINUX / "appimage" / "appimage.sh", application, tmp_path],
        env={**os.environ, "PYTHON": sys.executable, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "Sottovoce.AppDir"
    told = subprocess.check_output([folder / "AppRun", "--version"], text=True)
    assert told == "sottovoce 0.1.0\n"
    assert (folder / ".DirIcon").read_bytes().startswith(b"\x89PNG")


def test_the_flatpak_asks_for_no_network_and_writes_no_folder() -> None:
    manifest = (LINUX / "flatpak" / f"{ID}.yml").read_text()
    asked = [line.strip() for line in manifest.splitlines() if line.strip().startswith("- --")]
    assert "- --socket=wayland" in asked
    assert not any("network" in each for each in asked)
    assert all(each.endswith(":ro") for each in asked if "--filesystem" in each)
