"""Archives of applications for tests, good ones and others, and bundles that carry them."""

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.bundling import KEY, make
from sottovoce.models.bundle.create import Cargo, application_cargo
from sottovoce.models.bundle.minisign import SecretKey
from sottovoce.system.application import this_platform

NEWER, OLDER = "99.0.0", "0.0.1"


def member(name: str, **facts: object) -> tarfile.TarInfo:
    """An entry of an archive, such as a link: `type=tarfile.SYMTYPE, linkname="…"`."""
    info = tarfile.TarInfo(name)
    for fact, value in facts.items():
        setattr(info, fact, value)
    return info


def archive(path: Path, members: Sequence[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """An archive of exactly these entries."""
    with tarfile.open(path, "w:xz") as made:
        for info, content in members:
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return path


def application_archive(
    folder: Path,
    version: str = NEWER,
    *,
    says: str | None = None,
    platform: str | None = None,
    more: Mapping[str, bytes] | None = None,
) -> Path:
    """An application that says its version, or something else."""
    program = f"#!/bin/sh\necho {says or version}\n".encode()
    top = member("sottovoce", type=tarfile.DIRTYPE, mode=0o755)
    inner = member("sottovoce/_internal", type=tarfile.DIRTYPE, mode=0o755)
    members = [
        (top, b""),
        (inner, b""),
        (member("sottovoce/sottovoce", mode=0o6755), program),
        (member("sottovoce/_internal/version"), version.encode()),
        (
            member("sottovoce/_internal/v", type=tarfile.SYMTYPE, linkname="../_internal/version"),
            b"",
        ),
        *((member(f"sottovoce/{name}"), content) for name, content in (more or {}).items()),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    name = f"sottovoce-{version}-{platform or this_platform()}.tar.xz"
    return archive(folder / name, members)


def update(
    folder: Path, *files: Path, key: SecretKey = KEY, more: Sequence[Cargo] = (), sequence: int = 5
) -> Path:
    """A bundle with these applications."""
    carried = [*map(application_cargo, files), *more]
    target = folder / f"{files[0].name}.{key.public.fingerprint[:4]}.{sequence}.sottovoce-bundle"
    return make(target, carried, key=key, name="Sottovoce", sequence=sequence)
