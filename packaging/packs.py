"""Make a pack: libraries by which llama.cpp computes on a GPU, in one signed file.

    .venv/bin/python packaging/packs.py --name Vulkan --key release.key --key-passphrase-file FILE \
        --out vulkan.sottovoce-bundle libggml-vulkan.so

The back end has to be built from the source in the very llama-cpp-python that Sottovoce is built
with: the program loads no other. packaging/packs.md says how. Libraries that the back end needs and
a computer may lack, such as libcudart.so.12, come before it, in the order in which they need each
other; the driver's own are never carried.
"""

import argparse
import sys
from pathlib import Path

from sottovoce.domain.hardware import LLAMA_CPP
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.models.bundle.create import Cargo, create, file_cargo
from sottovoce.models.bundle.manifest import Kind
from sottovoce.models.bundle.minisign import unsealed
from sottovoce.system.application import this_platform


def main() -> int:
    """Make it, and say how large everything is. Returns the exit code."""
    arguments = _parser().parse_args()
    passphrase = arguments.key_passphrase_file.read_text(encoding="utf-8").rstrip("\r\n")
    names = tuple(path.name for path in arguments.library)
    pack = Cargo(
        Kind.PACK,
        arguments.name,
        tuple(arguments.library),
        names,
        version=LLAMA_CPP,
        platform=arguments.platform,
    )
    licences = [file_cargo(Kind.LICENCE, path) for path in arguments.licence]
    try:
        key = unsealed(arguments.key.read_bytes(), passphrase)
        *_, _ = create([pack, *licences], arguments.out, key, Stop(), name=arguments.name)
    except Problem as problem:
        sys.exit(str(problem))
    for path in (*arguments.library, arguments.out):
        sys.stdout.write(f"{path.stat().st_size / 1e6:9.1f} MB  {path.name}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("library", type=Path, nargs="+", help="the back end last")
    parser.add_argument("--name", required=True, help="such as Vulkan or CUDA 12")
    parser.add_argument("--platform", default=this_platform(), help="such as linux-x86_64")
    parser.add_argument("--licence", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--key", type=Path, required=True, help="the publisher's, of minisign")
    parser.add_argument("--key-passphrase-file", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
