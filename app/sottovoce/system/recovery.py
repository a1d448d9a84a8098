"""A key that is written on paper: letters that are not mistaken for others, each group checked."""

import hashlib
import re
import secrets as random

from sottovoce.domain.problems import Refused

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: no I, L, O or U."""
_LOOK_ALIKES = str.maketrans("OIL", "011")
_GROUPS = 8
_LETTERS = 4
"""Of a group, beside the one that checks it: 20 bits, 160 in all."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def new_recovery_key() -> str:
    """Return 160 random bits as eight groups of five letters and digits.

    The fifth of a group is made from the others and from where the group stands: a letter mistyped,
    two swapped, or groups in another order are told apart from another's key.
    """
    groups = []
    for place in range(_GROUPS):
        values = [random.randbelow(32) for _ in range(_LETTERS)]
        groups.append("".join(_ALPHABET[value] for value in (*values, _check(values, place))))
    return "-".join(groups)


def recovery_secret(typed: str) -> bytes:
    """Return what a recovery key stands for, however it was typed: 32 bytes.

    Raises Refused, and names the group that is mistyped.
    """
    letters = re.sub(r"[\s\-–—.]", "", typed).upper().translate(_LOOK_ALIKES)
    if len(letters) != _GROUPS * (_LETTERS + 1):
        raise Refused(
            f"A recovery key has {_GROUPS * (_LETTERS + 1)} letters and digits, and this has "
            f"{len(letters)}. Compare it with what you wrote down."
        )
    groups = [letters[at : at + _LETTERS + 1] for at in range(0, len(letters), _LETTERS + 1)]
    for place, group in enumerate(groups):
        values = [_ALPHABET.find(letter) for letter in group]
        if -1 in values or _check(values[:-1], place) != values[-1]:
            raise Refused(
                f"The {_ORDINALS[place]} group of the recovery key is mistyped. "
                "Compare it with what you wrote down."
            )
    return hashlib.sha256(f"sottovoce recovery key 1|{letters}".encode()).digest()


def _check(values: list[int], place: int) -> int:
    """What a group ends with: a weighted sum in the field of 32 elements.

    Such a sum differs for any other single letter, and for any two that are swapped.
    """
    total = place
    for value in values:
        total = _doubled(total ^ value)
    return total


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ 0b100101 if value & 32 else value
