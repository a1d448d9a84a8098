"""Control groups: the limits that Linux sets on a process, as in a container."""

from collections.abc import Iterator
from pathlib import Path

OWN = Path("/proc/self/cgroup")
ALL = Path("/sys/fs/cgroup")


def folders(controller: str, membership: Path = OWN, groups: Path = ALL) -> Iterator[Path]:
    """Yield the folders of a process's own group and of those around it, for one controller.

    In both versions of control groups; the files in the folders differ. Nothing elsewhere.
    """
    try:
        lines = membership.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            root = groups
        elif controller in controllers.split(","):
            root = groups / controller
        else:
            continue
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            yield folder
            if folder == root:
                break
