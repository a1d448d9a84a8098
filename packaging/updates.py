"""Put a frozen application into the archive that an update carries: the same bytes each time.

    .venv/bin/python packaging/updates.py dist/sottovoce dist/sottovoce-1.2.0-linux-x86_64.tar.xz
    sottovoce bundle create sottovoce-1.2.0.sottovoce-bundle --name Sottovoce --key release.key \
        --application dist/sottovoce-1.2.0-linux-x86_64.tar.xz \
        --application dist/sottovoce_1.2.0_amd64.deb

Version and platform are in the name, and become part of what is signed. One update may carry
several: each computer takes the one that fits it and the way it was installed.
"""

import os
import sys
import tarfile
from pathlib import Path


def main() -> int:
    """Make the archive named last of the folder named first. Returns the exit code."""
    folder, archive = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        """Without anything of this machine."""
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = moment
        entry.mode = 0o755 if entry.mode & 0o100 or entry.isdir() else 0o644
        return entry

    with tarfile.open(archive, "x:xz", preset=9) as made:
        made.add(folder, folder.name, recursive=False, filter=plain)
        for path in sorted(folder.rglob("*")):
            # A file that is there twice by a hard link is written twice: updates have none.
            made.dereference = not path.is_symlink()
            made.add(path, path.relative_to(folder.parent), recursive=False, filter=plain)
    sys.stdout.write(f"{archive.stat().st_size / 1e6:.1f} MB  {archive.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
