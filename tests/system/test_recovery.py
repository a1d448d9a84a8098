from itertools import pairwise

import pytest

from sottovoce.domain.problems import Refused
from sottovoce.system.recovery import new_recovery_key, recovery_secret


def test_a_recovery_key_is_the_same_however_it_is_typed() -> None:
    key = new_recovery_key()
    assert len(key) == 47
    secret = recovery_secret(key)
    assert len(secret) == 32
    for typed in (key.lower(), key.replace("-", ""), key.replace("-", "\n"), f"  {key}  "):
        assert recovery_secret(typed) == secret
    assert recovery_secret(key.replace("0", "O").replace("1", "l")) == secret
    assert recovery_secret(new_recovery_key()) != secret


def test_any_letter_that_is_mistyped_is_told_from_a_wrong_key() -> None:
    key = new_recovery_key()
    for place, letter in enumerate(key):
        if letter == "-":
            continue
        for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZ!ÄU":
            if other != letter:
                with pytest.raises(Refused, match=r"The \w+ group .* is mistyped"):
                    recovery_secret(key[:place] + other + key[place + 1 :])


def test_letters_that_are_swapped_are_noticed_in_their_group() -> None:
    key = new_recovery_key()
    groups = key.split("-")
    for place, (one, other) in enumerate(pairwise(groups[3])):
        if one != other:
            swapped = groups[3][:place] + other + one + groups[3][place + 2 :]
            with pytest.raises(Refused, match="fourth"):
                recovery_secret(key.replace(groups[3], swapped))


def test_groups_that_are_swapped_are_noticed() -> None:
    first, second, *rest = new_recovery_key().split("-")
    if first[:4] != second[:4]:
        with pytest.raises(Refused, match="first"):
            recovery_secret("-".join((second, first, *rest)))


@pytest.mark.parametrize("typed", ["", "hello", "7" * 39, "7" * 41])
def test_what_is_too_short_or_too_long_says_so(typed: str) -> None:
    with pytest.raises(Refused, match=f"this has {len(typed)}"):
        recovery_secret(typed)
