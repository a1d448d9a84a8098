from collections.abc import Iterator

import apsw
import pytest

from sottovoce.store import migrations, words
from sottovoce.store.migrations import migrate


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    connection.pragma("secure_delete", True)
    migrate(connection, migrations.released("documents"))
    yield connection
    connection.close()


def holders(connection: apsw.Connection, word: str, limit: int = 100) -> list[int]:
    text = words.holders(connection, word, limit)
    return [int(number) for number in text.split(",")] if text else []


def test_passages_are_found_by_each_of_their_words(connection: apsw.Connection) -> None:
    words.learn(connection, 7, ["old bridge", "bridge closed", ""])
    assert holders(connection, "bridge") == [7, 8]
    assert holders(connection, "closed") == [8]
    assert holders(connection, "castle") == []
    assert words.count(connection, "bridge") == 2


def test_no_more_are_told_than_asked_for(connection: apsw.Connection) -> None:
    words.learn(connection, 1, ["bridge"] * 10)
    assert holders(connection, "bridge", limit=4) == [1, 2, 3, 4]


def test_it_is_known_which_hold_a_word_often(connection: apsw.Connection) -> None:
    words.learn(connection, 1, ["bridge", "bridge bridge", "bridge " * 9])
    _, twice, thrice = words.OFTEN
    assert holders(connection, "bridge" + twice) == [2, 3]
    assert holders(connection, "bridge" + thrice) == [3]


@pytest.mark.parametrize("word", ["पुल", "สะพ", "桥梁", "мост", "γεφυρ", "NOT", "NEAR"])
def test_words_of_any_script_are_found_and_nothing_in_them_is_a_command(
    connection: apsw.Connection, word: str
) -> None:
    words.learn(connection, 1, [word, "other"])
    assert holders(connection, word) == [1]


def test_forgotten_passages_are_not_found_and_others_are(connection: apsw.Connection) -> None:
    words.learn(connection, 1, ["old bridge", "bridge bridge"])
    words.learn(connection, 3, ["bridge ferry"])
    words.forget(connection, [1])
    assert holders(connection, "bridge") == [3]
    assert holders(connection, "bridge" + words.OFTEN[1]) == []
    words.forget(connection, [1])
    assert holders(connection, "bridge") == [3]


def test_nothing_of_a_forgotten_word_stays_in_the_file(connection: apsw.Connection) -> None:
    for first in range(1, 200):
        words.learn(connection, first, [f"bridge number{first} ferry"])
    words.learn(connection, 500, ["secretword bridge anothersecret"])
    for first in range(600, 700):
        words.learn(connection, first, [f"bridge number{first}"])
    assert b"secretword" in connection.serialize("main")
    words.forget(connection, [500])
    image = connection.serialize("main")
    assert b"secret" not in image
    assert holders(connection, "number650") == [650]


def test_nothing_stays_of_many_forgotten_at_once(connection: apsw.Connection) -> None:
    for first in range(1, 101):
        words.learn(connection, first, [f"bridge secret{first}"])
    words.learn(connection, 200, ["bridge ferry ferry", "castle"])
    words.forget(connection, range(1, 101))
    assert b"secret" not in connection.serialize("main")
    assert holders(connection, "bridge") == [200]
    assert holders(connection, "ferry" + words.OFTEN[1]) == [200]
    assert holders(connection, "castle") == [201]
    words.learn(connection, 300, ["bridge secretword"])
    words.forget(connection, [300])
    assert b"secret" not in connection.serialize("main"), "it goes on to forget for good"
