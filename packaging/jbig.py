"""Put a stand-in of ours in the place of JBIG-KIT in a build.

libtiff in the package tesserocr is linked with JBIG-KIT, which is under the GPL and would put the
whole of Sottovoce under it. We need neither: pictures reach Tesseract as pixels.
"""

import os
import shutil
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("jbig_stand_in.c")


def replace_jbig(folder: Path) -> None:
    """Replace each JBIG-KIT in a build by a library of that name in which everything fails."""
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    for library in sorted(folder.rglob("libjbig*.so*")):
        if library.is_symlink():
            continue
        command = [compiler, "-shared", "-fPIC", "-Os", "-s", "-nostdlib", "-fvisibility=hidden"]
        command += ["-Wl,--build-id=none", f"-Wl,-soname,{library.name}"]
        subprocess.run([*command, "-o", library, _SOURCE], check=True)
