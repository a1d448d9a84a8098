from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import MODEL, ScriptedEngine
from sottovoce.chat.answer import Answering, ask, continue_reply, regenerate, reply_to
from sottovoce.chat.news import Begun, News, Packed, Ready, Said, Saved
from sottovoce.domain.conversation import Message, Role, State
from sottovoce.domain.model import Adapter, Sampling
from sottovoce.domain.problems import Cancelled, Missing
from sottovoce.domain.reply import Finish, Piece
from sottovoce.domain.settings import Attachment, Settings
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.shelf import starter
from sottovoce.store.store import Store

SHORT = Settings(sampling=Sampling(temperature=0, max_tokens=12))


@pytest.fixture(scope="module")
def engine() -> Iterator[ProcessEngine]:
    with closing(ProcessEngine()) as engine:
        yield engine


@pytest.fixture
def parts(store: Store, engine: ProcessEngine) -> Answering:
    model = starter()
    assert model is not None
    return Answering(store, engine, model, SHORT)


def saved(news: Iterator[News]) -> Message:
    *_, last = news
    assert isinstance(last, Saved)
    return last.message


def stopped_at(kind: type[News], news: Callable[[Stop], Iterator[News]]) -> list[News]:
    """All the news of an answer that is stopped when the first of this kind comes."""
    stop, seen = Stop(), []
    for item in news(stop):
        seen.append(item)
        if isinstance(item, kind):
            stop.set()
    return seen


def test_the_news_of_an_answer_tell_its_life(parts: Answering) -> None:
    chat = parts.store.new_conversation()

    news = list(ask(parts, chat.id, "Name the capital of France.", None, Stop()))

    order = [type(item) for item in news]
    assert order.index(Said) < order.index(Ready) < order.index(Packed) < order.index(Begun)
    assert order[-1] is Saved
    reply = saved(iter(news))
    assert "Paris" in reply.text
    assert reply.text == "".join(item.text for item in news if isinstance(item, Piece))
    assert (reply.state, reply.model) == (State.COMPLETE, parts.model.name)
    assert reply.usage is not None
    assert reply.timings is not None
    assert [m.role for m in parts.store.messages(chat.id)] == [Role.USER, Role.ASSISTANT]
    assert parts.store.conversation(chat.id).title == "Name the capital of France."


def test_the_words_are_kept_even_if_no_model_can_be_loaded(
    parts: Answering, tmp_path: Path
) -> None:
    chat = parts.store.new_conversation()
    nowhere = replace(parts, model=replace(parts.model, path=tmp_path / "gone.gguf"))

    with pytest.raises(Missing):
        list(ask(nowhere, chat.id, "Are you there?", None, Stop()))

    [question] = parts.store.messages(chat.id)
    assert question.text == "Are you there?"
    assert saved(reply_to(parts, question.id, Stop())).state is State.COMPLETE


def test_stopping_keeps_what_was_written(parts: Answering) -> None:
    chat = parts.store.new_conversation()
    long = replace(parts, settings=Settings(sampling=Sampling(max_tokens=2000, seed=1)))

    news = stopped_at(Piece, lambda stop: ask(long, chat.id, "Tell a story.", None, stop))

    reply = saved(iter(news))
    assert (reply.state, reply.finish) == (State.STOPPED, Finish.STOPPED)
    assert reply.text == "".join(item.text for item in news if isinstance(item, Piece))


def test_stopping_before_the_reply_begins_leaves_the_question_alone(parts: Answering) -> None:
    chat = parts.store.new_conversation()

    with pytest.raises(Cancelled):
        stopped_at(Ready, lambda stop: ask(parts, chat.id, "Hello?", None, stop))

    assert [m.role for m in parts.store.messages(chat.id)] == [Role.USER]


def test_regenerating_makes_a_variant_beside_the_old_reply(parts: Answering) -> None:
    chat = parts.store.new_conversation()
    first = saved(ask(parts, chat.id, "Name a colour.", None, Stop()))

    second = saved(regenerate(parts, first.id, Stop()))

    assert parts.store.message(first.id).variants == (first.id, second.id)
    assert [m.id for m in parts.store.messages(chat.id)][-1] == second.id


def test_an_edited_question_begins_a_new_branch(parts: Answering) -> None:
    chat = parts.store.new_conversation()
    first = saved(ask(parts, chat.id, "Name a colour.", None, Stop()))
    second = saved(ask(parts, chat.id, "And an animal.", first.id, Stop()))

    edited = saved(ask(parts, chat.id, "And a plant.", first.id, Stop()))

    branch = [m.text for m in parts.store.messages(chat.id)]
    assert branch == ["Name a colour.", first.text, "And a plant.", edited.text]
    parts.store.show_branch(second.id)
    assert parts.store.messages(chat.id)[2].text == "And an animal."


def test_a_reply_that_ran_out_of_length_goes_on_where_it_ended(parts: Answering) -> None:
    chat = parts.store.new_conversation()
    once = replace(parts, settings=Settings(sampling=Sampling(temperature=0, max_tokens=24)))
    whole = saved(ask(once, chat.id, "Count from one to twenty.", None, Stop()))
    half = saved(ask(parts, chat.id, "Count from one to twenty.", None, Stop()))
    assert half.finish is Finish.LENGTH

    longer = saved(continue_reply(parts, half.id, Stop()))

    assert longer.id == half.id
    assert longer.text == whole.text


def test_the_second_turn_does_not_read_the_first_again(parts: Answering) -> None:
    chat = parts.store.new_conversation()
    first = saved(ask(parts, chat.id, "Name a colour. " * 30, None, Stop()))

    second = saved(ask(parts, chat.id, "Another.", first.id, Stop()))

    assert first.usage is not None
    assert second.usage is not None
    assert second.usage.cached >= first.usage.prompt


def test_what_does_not_fit_is_left_out_and_told(parts: Answering) -> None:
    small = Settings(sampling=SHORT.sampling, load=replace(SHORT.load, context=512))
    parts = replace(parts, settings=small)
    chat = parts.store.new_conversation()
    question, leaf = "A few more words about nothing. " * 12, None
    for _ in range(5):
        said = parts.store.say(chat.id, question, leaf)
        leaf = parts.store.begin_reply(chat.id, said.id, "a model").id
        parts.store.finish_reply(leaf, State.COMPLETE, text="Words about nothing, again.")

    news = ask(parts, chat.id, question, leaf, Stop())
    [packed] = [item for item in news if isinstance(item, Packed)]
    assert packed.left_out > 0
    assert packed.sent + packed.left_out == 11
    assert packed.tokens < packed.context == 512


def test_the_journal_holds_a_reply_that_nobody_finished(parts: Answering) -> None:
    chat = parts.store.new_conversation()
    long = replace(parts, settings=Settings(sampling=Sampling(max_tokens=2000, seed=1)))
    news = ask(long, chat.id, "Tell a story.", None, Stop())
    text = ""
    for item in news:
        if isinstance(item, Piece):
            text += item.text
        if len(text) > 200:
            break

    news.close()

    reply = parts.store.messages(chat.id)[-1]
    assert (reply.state, reply.text) == (State.INTERRUPTED, text)


def test_an_answer_left_as_it_begins_is_not_being_written_for_ever(parts: Answering) -> None:
    chat = parts.store.new_conversation()

    with closing(ask(parts, chat.id, "Are you there?", None, Stop())) as news:
        begun = next(item for item in news if isinstance(item, Begun))

    assert parts.store.message(begun.message.id).state is State.INTERRUPTED


def test_stopping_while_a_very_long_text_is_measured_takes_effect(parts: Answering) -> None:
    chat = parts.store.new_conversation()

    with pytest.raises(Cancelled):
        stopped_at(Said, lambda stop: ask(parts, chat.id, "word " * 100_000, None, stop))


def test_a_reply_is_written_with_the_adapters_of_its_model(store: Store) -> None:
    engine = ScriptedEngine("Yes.")
    path = str(MODEL.path)
    settings = Settings(adapters=(Attachment(path, "/a.gguf", 0.5), Attachment("/else", "/b.gguf")))
    parts = Answering(store, engine, MODEL, settings)
    saved(ask(parts, store.new_conversation().id, "Well?", None, Stop()))
    assert engine.adapters == (Adapter(Path("/a.gguf"), 0.5),)
