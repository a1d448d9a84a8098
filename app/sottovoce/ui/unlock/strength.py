"""How long a passphrase would stand against guessing."""

from enum import Enum
from math import log2

SHORTEST = 8
"""Characters a passphrase must have."""
_FAIR_BITS, _STRONG_BITS = 45, 70
# Pools of characters: what a guesser has to try once one of the kind is there.
_POOLS = (
    (str.islower, 26),
    (str.isupper, 26),
    (str.isdigit, 10),
    (lambda c: not c.isalnum(), 33),
)


class Strength(Enum):
    """A hint, in words. Guessing is slowed by Argon2id; these are for someone who has the files."""

    SHORT = f"At least {SHORTEST} characters."
    WEAK = "Weak: could be guessed. A few random words are better."
    FAIR = "Fair. One more word makes it strong."
    STRONG = "Strong."


def strength(passphrase: str) -> Strength:
    """A cautious guess: a repeated character counts for little, words count as their letters."""
    if len(passphrase) < SHORTEST:
        return Strength.SHORT
    pool = sum(size for fits, size in _POOLS if any(fits(c) for c in passphrase))
    distinct = len(set(passphrase))
    # Beyond twice its distinct characters a text is mostly repetition.
    bits = min(len(passphrase), 2 * distinct) * log2(max(2, min(pool, 2 * distinct)))
    if bits < _FAIR_BITS:
        return Strength.WEAK
    return Strength.FAIR if bits < _STRONG_BITS else Strength.STRONG
