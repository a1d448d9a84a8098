"""A program that chats with itself until it is killed, and tells what the store promised to keep.

Its argument is the database. Each line is a promise: `said ID`, `begun ID`, `journalled ID COUNT`.
"""

import sys
from pathlib import Path

from sottovoce.domain.conversation import State
from sottovoce.store.store import open_store

KEY = bytes(range(48))


def words(message: int, count: int) -> str:
    """What message number `message` says in `count` batches."""
    return "".join(f"word {number} of {message}. " for number in range(count))


def promise(kind: str, *numbers: int) -> None:
    """Tell at once what is on disk by now."""
    sys.stdout.write(f"{kind} {' '.join(map(str, numbers))}\n")
    sys.stdout.flush()


def main() -> None:
    """Chat for ever."""
    with open_store(Path(sys.argv[1]), KEY) as store:
        store.recover()
        chat = store.new_conversation().id
        parent: int | None = None
        while True:
            question = store.say(chat, f"question after {parent}", parent).id
            promise("said", question)
            reply = store.begin_reply(chat, question, "a model").id
            promise("begun", reply)
            for number in range(8):
                batch = f"word {number} of {reply}. "
                store.journal(reply, batch)
                promise("journalled", reply, number + 1)
            store.finish_reply(reply, State.COMPLETE, text=words(reply, 8))
            parent = reply


if __name__ == "__main__":
    main()
