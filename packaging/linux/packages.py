"""Makes packages for Linux of the application that `./dev build` made.

    packages.py deb|tar|appdir APPLICATION OUTPUT [--without-models]

APPLICATION is the folder with the two programs in it, OUTPUT the folder that the package is put
into: `sottovoce_VERSION_ARCHITECTURE.deb`, `sottovoce-VERSION-linux-MACHINE.tar.zst`, or
`Sottovoce.AppDir`, of which `appimage/appimage.sh` makes an AppImage. `--without-models` leaves out
the starter and the embedding model, for those who bring their own.

The same application gives the same bytes: every file is of the day of the release, or of
SOURCE_DATE_EPOCH. DEBFULLNAME and DEBEMAIL say who answers for a .deb.
"""

import argparse
import gzip
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from xml.etree import ElementTree as ET

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ID = "app.sottovoce.Sottovoce"
METAINFO = HERE / "share" / "metainfo" / f"{ID}.metainfo.xml"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Debian's names for what the machine calls itself."""
NOTICES = Path("_internal") / "sottovoce" / "resources" / "notices"
MODEL_SUFFIX = ".gguf"


def main() -> int:
    """Make what the arguments ask for, print where it is, and return the exit code."""
    parser = argparse.ArgumentParser(usage=str(__doc__))
    parser.add_argument("kind", choices=("deb", "tar", "appdir"))
    parser.add_argument("application", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--without-models", action="store_true")
    arguments = parser.parse_args()
    make = {"deb": make_deb, "tar": make_tar, "appdir": make_appdir}[arguments.kind]
    arguments.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sottovoce-package-") as scratch:
        application = Path(scratch) / "application"
        copy_application(arguments.application, application, models=not arguments.without_models)
        suffix = "-without-models" if arguments.without_models else ""
        print(make(application, Path(scratch) / "tree", arguments.output, suffix))  # noqa: T201  Its answer.
    return 0


# The packages


def make_deb(application: Path, tree: Path, output: Path, suffix: str) -> Path:
    """Return a package for Debian, Ubuntu and what is made from them.

    The application is in /usr/lib/sottovoce: there, as opposed to /opt, only the package manager
    writes, and lintian knows its way about. No script runs when it is installed: the menus, types
    of files and icons are noted by the triggers of the packages that keep them.
    """
    architecture = ARCHITECTURES[platform.machine()]
    share = tree / "usr" / "share"
    installed = tree / "usr" / "lib" / "sottovoce"
    installed.parent.mkdir(parents=True)
    application.rename(installed)
    copy_share(share)
    link(tree / "usr" / "bin" / "sottovoce", "../lib/sottovoce/sottovoce")
    keep(share / "lintian" / "overrides" / "sottovoce", (HERE / "lintian-overrides").read_bytes())
    keep(share / "doc" / "sottovoce" / "copyright", copyright_of(installed).encode())
    keep(share / "doc" / "sottovoce" / "changelog.gz", packed(debian_changelog().encode()))
    page = share / "man" / "man1" / "sottovoce.1"
    keep(page.with_suffix(".1.gz"), packed(page.read_bytes()))
    page.unlink()
    settle(tree)
    control = tree / "DEBIAN"
    keep(control / "md5sums", md5sums(tree).encode())
    keep(control / "control", debian_control(tree, architecture).encode())
    settle(tree)
    package = output / f"sottovoce_{version()}_{architecture}{suffix}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z9", "--build", tree, package],
        check=True,
        stdout=sys.stderr,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(moment())},
    )
    return package


def make_tar(application: Path, tree: Path, output: Path, suffix: str) -> Path:
    """Return an archive for every other system, to be installed by its user alone.

    It holds one folder, which runs where it is; its `install.sh` puts it into the menus.
    """
    folder = tree / f"sottovoce-{version()}"
    tree.mkdir()
    application.rename(folder)
    copy_share(folder / "share")
    shutil.copyfile(HERE / "install.sh", folder / "install.sh")
    (folder / "install.sh").chmod(0o755)
    settle(tree)
    package = output / f"sottovoce-{version()}-linux-{platform.machine()}{suffix}.tar.zst"
    package.unlink(missing_ok=True)
    archive = ["tar", "--create", "--format=gnu", "--sort=name", f"--mtime=@{moment()}"]
    owner = ["--owner=root:0", "--group=root:0", "--numeric-owner"]
    compressor = "--use-compress-program=zstd -19 --threads=0 --quiet"
    subprocess.run(
        [*archive, *owner, compressor, f"--file={package.absolute()}", folder.name],
        check=True,
        cwd=tree,
    )
    return package


def make_appdir(application: Path, tree: Path, output: Path, suffix: str) -> Path:
    """Return the folder that an AppImage is made of."""
    share = tree / "usr" / "share"
    installed = tree / "usr" / "lib" / "sottovoce"
    installed.parent.mkdir(parents=True)
    application.rename(installed)
    copy_share(share)
    link(tree / "usr" / "bin" / "sottovoce", "../lib/sottovoce/sottovoce")
    link(tree / f"{ID}.desktop", f"usr/share/applications/{ID}.desktop")
    link(tree / f"{ID}.png", f"usr/share/icons/hicolor/256x256/apps/{ID}.png")
    link(tree / ".DirIcon", f"{ID}.png")
    shutil.copyfile(HERE / "appimage" / "AppRun", tree / "AppRun")
    (tree / "AppRun").chmod(0o755)
    settle(tree)
    package = output / f"Sottovoce{suffix}.AppDir"
    shutil.rmtree(package, ignore_errors=True)
    shutil.move(tree, package)
    return package


# What is in all of them


def copy_application(application: Path, to: Path, *, models: bool) -> None:
    """Copy the application, with its models or without."""
    for name in ("sottovoce", "sottovoce-engine", "_internal"):
        if not (application / name).exists():
            sys.exit(f"{application} is not an application: it has no {name}. Run ./dev build.")
    left_out = None if models else shutil.ignore_patterns(f"*{MODEL_SUFFIX}")
    shutil.copytree(application, to, symlinks=True, ignore=left_out)
    if not models:
        remove_empty_folders(to)


def remove_empty_folders(folder: Path) -> None:
    """Leave no folder of which everything was left out."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def copy_share(share: Path) -> None:
    """Put what the desktop wants to know of an application, and its icons, into a folder."""
    shutil.copytree(HERE / "share", share)
    icons = share / "icons" / "hicolor"
    keep(icons / "scalable" / "apps" / f"{ID}.svg", (ROOT / "resources/sottovoce.svg").read_bytes())
    with tempfile.TemporaryDirectory() as scratch:
        forms = ROOT / "packaging" / "icons" / "forms.py"
        subprocess.run([sys.executable, forms, scratch], check=True)
        for form in Path(scratch).glob("sottovoce-*.png"):
            side = form.stem.removeprefix("sottovoce-")
            keep(icons / f"{side}x{side}" / "apps" / f"{ID}.png", form.read_bytes())


def settle(tree: Path) -> None:
    """Give everything the same rights and time on every machine, whatever its umask was."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or is_program(path) else 0o644)
        os.utime(path, (moment(), moment()), follow_symlinks=False)


def is_program(path: Path) -> bool:
    """Whether it is to be started: libraries are marked so by some, but are only loaded."""
    return os.access(path, os.X_OK) and ".so" not in path.suffixes


def keep(path: Path, data: bytes) -> None:
    """Write a file, and the folders it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def link(path: Path, to: str) -> None:
    """Make a symbolic link, and the folders it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)


def packed(data: bytes) -> bytes:
    """The data in gzip's format, without a time in it."""
    return gzip.compress(data, 9, mtime=0)


# What is known of the release


def version() -> str:
    """The version of the application."""
    project: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return project


def moment() -> int:
    """Seconds since 1970: what SOURCE_DATE_EPOCH says, else midnight of the release's day."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    day = datetime.fromisoformat(releases()[0].attrib["date"])
    return int(day.replace(tzinfo=UTC).timestamp())


def releases() -> list[ET.Element]:
    """What the metainfo says about this release and those before it."""
    told = ET.parse(METAINFO).findall("releases/release")  # noqa: S314  Our own file.
    if told[0].attrib["version"] != version():
        sys.exit(f"{METAINFO} does not say what is new in {version()}. Add a <release> first.")
    return told


def maintainer() -> str:
    """Who answers for the package, as Debian's own tools are told."""
    name = os.environ.get("DEBFULLNAME", "The Sottovoce developers")
    return f"{name} <{os.environ.get('DEBEMAIL', 'sottovoce@sottovoce.invalid')}>"


# What Debian wants to know


def debian_control(tree: Path, architecture: str) -> str:
    """The card of the package."""
    return (
        (HERE / "control")
        .read_text("utf-8")
        .format(
            version=version(),
            architecture=architecture,
            maintainer=maintainer(),
            size=installed_size(tree),
            depends=", ".join(depends()),
        )
    )


def depends() -> list[str]:
    """The packages that have the libraries which a system must have."""
    minimum = tomllib.loads((HERE / "minimum-system.toml").read_text("utf-8"))
    packages = set(minimum["libraries"].values()) - {"libc6"}
    return [f"libc6 (>= {minimum['glibc']})", *sorted(packages)]


def installed_size(tree: Path) -> int:
    """In KiB, counted as Debian does: each file by itself, and one for each folder."""
    return sum(
        -(-path.stat().st_size // 1024) if path.is_file() and not path.is_symlink() else 1
        for path in tree.rglob("*")
        if "DEBIAN" not in path.relative_to(tree).parts
    )


def md5sums(tree: Path) -> str:
    """By this, `dpkg --verify` finds files that were damaged."""
    return "".join(
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {name}\n"
        for name, path in sorted(files_below(tree))
    )


def files_below(tree: Path) -> Iterator[tuple[str, Path]]:
    """Every file, with its place in the package."""
    for path in tree.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(tree).as_posix(), path


def debian_changelog() -> str:
    """What the releases brought, in Debian's form."""
    entries = []
    for release in releases():
        told = " ".join(" ".join(release.itertext()).split())
        lines = textwrap.fill(told, 76, initial_indent="  * ", subsequent_indent="    ")
        day = datetime.fromisoformat(release.attrib["date"]).replace(tzinfo=UTC)
        entries.append(
            f"sottovoce ({release.attrib['version']}) unstable; urgency=medium\n\n{lines}\n\n"
            f" -- {maintainer()}  {format_datetime(day)}\n"
        )
    return "\n".join(entries)


def copyright_of(installed: Path) -> str:
    """Under what terms Sottovoce and each work that it holds may be used."""
    notices = json.loads((installed / NOTICES / "notices.json").read_text("utf-8"))
    held = "\n".join(f"  {each['name']} {each['version']}: {each['licence']}" for each in notices)
    return (HERE / "copyright").read_text("utf-8").format(held=held, folder=NOTICES.as_posix())


if __name__ == "__main__":
    sys.exit(main())
