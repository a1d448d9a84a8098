"""Reading a bundle, of which nothing is believed that its signer did not sign."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain, takewhile
from pathlib import Path

from sottovoce.domain.problems import Damaged
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.manifest import Content, Manifest, decode
from sottovoce.models.bundle.medium import (
    CHANGED,
    MANIFEST,
    SIGNATURE,
    SIGNER,
    Medium,
    medium_at,
    reading_translated,
)
from sottovoce.models.bundle.minisign import PublicKey, check_signature, public_key_in
from sottovoce.models.pace import Pace

_STEP = 4 * 1024 * 1024
"""Bytes between two looks at `stop`."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that bears the signature of the one who says to have signed it."""

    manifest: Manifest
    signer: PublicKey
    """Whether it is to be trusted, `Signers` knows."""
    id: str
    """SHA-256 of the manifest, in hexadecimal digits: it stands for every byte of the bundle."""
    medium: Medium


def open_bundle(path: Path) -> Bundle:
    """What the file or folder says it carries, by a signature that holds.

    Raises Missing if it is no bundle, Damaged, Refused, or Unsupported.
    """
    medium = medium_at(path)
    head = medium.head()
    try:
        signer = public_key_in(head[SIGNER])
    except Damaged as error:
        raise Damaged(CHANGED) from error
    if signer.file != head[SIGNER]:
        raise Damaged(CHANGED)
    check_signature(head[MANIFEST], head[SIGNATURE], signer)
    content = head[MANIFEST]
    return Bundle(decode(content), signer, hashlib.sha256(content).hexdigest(), medium)


def verify(bundle: Bundle, stop: Stop) -> Iterator[Transferred]:
    """Read every byte. Raises Missing, Refused or Damaged if one is not what was signed."""
    pace, done = Pace(bundle.manifest.size), 0
    for file in bundle.manifest.files:
        for data in read(bundle, file, stop):
            done += len(data)
            yield pace.at(done)


def read(
    bundle: Bundle, file: Content, stop: Stop, begun: BufferedReader | None = None
) -> Iterator[memoryview]:
    """The bytes of one of its files, piece by piece: once the last one came, all are as signed.

    The first of them are read from `begun`, as many as it has when this begins. Raises Missing if a
    part is on another medium, Damaged, Refused, or Cancelled.
    """
    number = _first_part(bundle.manifest, file)
    there = os.fstat(begun.fileno()).st_size if begun else 0
    whole = hashlib.sha256()
    for part in file.parts:
        sum_ = whole if len(file.parts) == 1 else hashlib.sha256()
        old = min(part.size, there)
        there -= old
        for data in chain(_exactly(begun, old), _part_from(bundle, number, old)):
            stop.check()
            for each in {whole, sum_}:
                each.update(data)
            yield data
        if sum_.hexdigest() != part.sha256:
            raise Damaged(CHANGED)
        number += 1
    if whole.hexdigest() != file.sha256:
        raise Damaged(CHANGED)


def _part_from(bundle: Bundle, number: int, begin: int) -> Iterator[memoryview]:
    """The rest of a part, whose medium is not needed where nothing is left."""
    sizes = [part.size for part in bundle.manifest.parts]
    if begin < sizes[number]:
        with bundle.medium.part(sizes, number) as file:
            file.seek(begin, os.SEEK_CUR)
            yield from _exactly(file, sizes[number] - begin)


def _exactly(file: BufferedReader | None, count: int) -> Iterator[memoryview]:
    """That many bytes. Raises Damaged where there are fewer."""
    buffer = memoryview(bytearray(min(count, _STEP)))
    while file and count:
        with reading_translated():
            read_ = file.readinto(buffer[:count])
        if not read_:
            raise Damaged(CHANGED)
        count -= read_
        yield buffer[:read_]


def _first_part(manifest: Manifest, wanted: Content) -> int:
    """The number of the first part of a file."""
    before = takewhile(lambda file: file is not wanted, manifest.files)
    return sum(len(file.parts) for file in before)
