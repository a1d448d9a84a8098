import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sottovoce.domain.conversation import Message, State
from sottovoce.domain.problems import Missing, Unsupported
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.store.store import Store, open_store

USAGE = Usage(prompt=30, cached=20, generated=5, context=4096)
TIMINGS = Timings(load=0.0, first_token=0.1, prompt_speed=300.5, speed=25.25)


def ask(store: Store) -> Message:
    return store.say(store.new_conversation().id, "What is a fugue?", None)


def shown(store: Store, conversation: int) -> list[str]:
    return [message.text for message in store.messages(conversation)]


def test_a_finished_reply_is_kept_with_all_that_is_known_of_it(path: Path, key: bytes) -> None:
    with open_store(path, key) as store:
        question = ask(store)
        reply = store.begin_reply(question.conversation, question.id, "SmolLM2")
        assert (reply.state, reply.text, reply.parent) == (State.WRITING, "", question.id)
        finished = store.finish_reply(
            reply.id,
            State.COMPLETE,
            text="A conversation of voices.",
            finish=Finish.END,
            usage=USAGE,
            timings=TIMINGS,
        )
    with open_store(path, key) as store:
        assert store.messages(question.conversation) == [question, finished]
        assert store.message(reply.id) == finished
    assert (finished.state, finished.finish) == (State.COMPLETE, Finish.END)
    assert (finished.usage, finished.timings, finished.model) == (USAGE, TIMINGS, "SmolLM2")


def test_text_is_kept_exactly(store: Store) -> None:
    text = " \t\r\n“quoted”\u0000 e\u0301 \U0001f9d1\u200d\U0001f680 ' -- ; \\ \n"
    message = store.say(store.new_conversation().id, text, None)
    assert store.message(message.id).text == text


def test_regenerating_gives_variants_and_shows_the_newest(store: Store) -> None:
    question = ask(store)
    first, second = (
        store.begin_reply(question.conversation, question.id, "a model").id for _ in range(2)
    )
    shown_question, shown_reply = store.messages(question.conversation)
    assert shown_question.variants == (question.id,)
    assert (shown_reply.id, shown_reply.variants) == (second, (first, second))


def test_editing_the_first_question_gives_variants_too(store: Store) -> None:
    question = ask(store)
    edited = store.say(question.conversation, "What is a canon?", None)
    (only,) = store.messages(question.conversation)
    assert (only.id, only.variants) == (edited.id, (question.id, edited.id))


def test_showing_a_branch_goes_on_to_its_newest_end(store: Store) -> None:
    question = ask(store)
    chat = question.conversation
    first = store.begin_reply(chat, question.id, "a model")
    store.finish_reply(first.id, State.COMPLETE, text="first")
    store.say(chat, "and then?", first.id)
    store.say(chat, "and now?", first.id)
    second = store.begin_reply(chat, question.id, "a model")
    store.finish_reply(second.id, State.COMPLETE, text="second")
    store.show_branch(first.id)
    assert shown(store, chat) == ["What is a fugue?", "first", "and now?"]
    store.show_branch(second.id)
    assert shown(store, chat) == ["What is a fugue?", "second"]


def test_a_message_cannot_follow_one_of_another_chat(store: Store) -> None:
    question = ask(store)
    with pytest.raises(Missing):
        store.say(store.new_conversation().id, "hello", question.id)


def test_a_reply_under_way_is_read_with_its_journal(store: Store) -> None:
    question = ask(store)
    reply = store.begin_reply(question.conversation, question.id, "a model")
    for number in range(12):
        store.journal(reply.id, f"{number} ")
    assert store.message(reply.id).text == "0 1 2 3 4 5 6 7 8 9 10 11 "
    assert shown(store, question.conversation)[-1] == "0 1 2 3 4 5 6 7 8 9 10 11 "


def test_a_stopped_reply_goes_on_from_its_words(store: Store) -> None:
    question = ask(store)
    reply = store.begin_reply(question.conversation, question.id, "a model")
    store.finish_reply(reply.id, State.STOPPED, text="A fugue", finish=Finish.STOPPED)
    continued = store.continue_reply(reply.id)
    assert (continued.state, continued.text, continued.finish) == (State.WRITING, "A fugue", None)
    store.journal(reply.id, " is a dialogue")
    assert store.message(reply.id).text == "A fugue is a dialogue"
    store.finish_reply(reply.id, State.COMPLETE, text="A fugue is a dialogue.", finish=Finish.END)
    assert store.message(reply.id).text == "A fugue is a dialogue."
    assert [hit.message for hit in store.search("fugue dialogue")] == [reply.id]


def test_a_reply_that_was_too_long_can_be_continued(store: Store) -> None:
    question = ask(store)
    reply = store.begin_reply(question.conversation, question.id, "a model")
    store.finish_reply(reply.id, State.COMPLETE, text="So,", finish=Finish.LENGTH)
    assert store.continue_reply(reply.id).state is State.WRITING


def test_a_whole_reply_cannot_be_continued(store: Store) -> None:
    question = ask(store)
    reply = store.begin_reply(question.conversation, question.id, "a model")
    with pytest.raises(Unsupported):
        store.continue_reply(reply.id)
    store.finish_reply(reply.id, State.COMPLETE, text="Done.", finish=Finish.END)
    with pytest.raises(Unsupported):
        store.continue_reply(reply.id)
    with pytest.raises(Unsupported):
        store.continue_reply(question.id)


def test_a_reply_ends_once(store: Store) -> None:
    question = ask(store)
    reply = store.begin_reply(question.conversation, question.id, "a model")
    store.finish_reply(reply.id, State.STOPPED, text="one")
    with pytest.raises(Missing):
        store.finish_reply(reply.id, State.COMPLETE, text="two")
    assert store.message(reply.id).text == "one"


def test_replies_of_a_living_process_are_left_alone(store: Store) -> None:
    question = ask(store)
    reply = store.begin_reply(question.conversation, question.id, "a model")
    assert store.recover() == []
    assert store.message(reply.id).state is State.WRITING


DYING = """
import os, sys
from pathlib import Path
from sottovoce.store.store import open_store
store = open_store(Path(sys.argv[1]), bytes(range(48)))
question = store.say(store.new_conversation().id, "Why?", None)
told = store.begin_reply(question.conversation, question.id, "a model")
store.journal(told.id, "Because ")
store.journal(told.id, "of the ")
silent = store.begin_reply(question.conversation, question.id, "a model")
print(told.id, silent.id, flush=True)
os._exit(9)
"""


def test_replies_of_a_dead_process_are_recovered_with_their_words(path: Path, key: bytes) -> None:
    with open_store(path, key) as store:
        dying = subprocess.run([sys.executable, "-c", DYING, path], capture_output=True, text=True)
        told, silent = map(int, dying.stdout.split())
        recovered = store.recover()
        assert [(message.id, message.state, message.text) for message in recovered] == [
            (told, State.INTERRUPTED, "Because of the "),
            (silent, State.INTERRUPTED, ""),
        ]
        assert store.recover() == []
        assert [hit.message for hit in store.search("because")] == [told]
        assert store.continue_reply(told).text == "Because of the "


def test_many_threads_may_speak_at_once(store: Store) -> None:
    chat = store.new_conversation()
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda number: store.say(chat.id, f"{number}", None), range(200)))
    assert [message.text for message in said] == [str(number) for number in range(200)]
    assert len(store.message(said[0].id).variants) == 200


def test_two_programs_may_use_one_store(path: Path, key: bytes) -> None:
    with open_store(path, key) as window, open_store(path, key) as command_line:
        question = ask(window)
        command_line.say(question.conversation, "Go on", question.id)
        assert shown(window, question.conversation) == ["What is a fugue?", "Go on"]
