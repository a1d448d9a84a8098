from pathlib import Path

import pytest

from sottovoce.domain.conversation import State
from sottovoce.store.store import open_store
from store.killing import kill


@pytest.mark.journey
def test_being_killed_loses_nothing_that_was_promised(path: Path, key: bytes) -> None:
    toll = kill(path, rounds=25)
    assert toll.promised > 50
    assert toll.lost == 0
    with open_store(path, key) as store:
        chats = store.conversations()
        assert len(chats) == 25
        ends = {message.state for chat in chats for message in store.messages(chat.id)}
        assert ends == {State.COMPLETE, State.INTERRUPTED}
