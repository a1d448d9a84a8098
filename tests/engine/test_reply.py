from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from engine.asking import ask, assistant, load, user
from sottovoce.domain.model import LoadOptions, Model, Sampling
from sottovoce.domain.problems import NoRoom
from sottovoce.domain.reply import Finish, Finished, Piece, Reading
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Prompt
from sottovoce.engine.process import ProcessEngine

LONG = "All work and no play makes Jack a dull boy. " * 60
"""About 700 tokens."""


def likeliest(tokens: int | None = 12, **others: object) -> Sampling:
    return Sampling(temperature=0, max_tokens=tokens, **others)  # type: ignore[arg-type]  # Named by the tests below.


def until(engine: ProcessEngine, prompt: Prompt, stop: Stop, kind: type) -> list[object]:
    """News of a reply that is stopped as soon as one of `kind` came."""
    news: list[object] = []
    for item in engine.reply(prompt, stop):
        news.append(item)
        if isinstance(item, kind) and not stop.is_set:
            stop.set()
    return news


def test_a_model_answers_in_words(starter_engine: ProcessEngine) -> None:
    question = user("Write one short sentence about the sun.")
    answer = ask(starter_engine, question, sampling=likeliest(100))
    assert "sun" in answer.text.lower()
    assert answer.finished.finish is Finish.END


def test_a_reply_tells_its_figures(starter_engine: ProcessEngine) -> None:
    finished = ask(starter_engine, user("Tell me about figures."), sampling=likeliest(20)).finished
    assert finished.finish is Finish.LENGTH
    assert finished.usage.generated == 20
    assert finished.usage.prompt > 5
    assert finished.usage.context == 4096
    assert finished.timings.first_token > 0
    assert finished.timings.prompt_speed > 0
    assert finished.timings.speed > 0


def test_the_load_is_told_with_the_first_reply_only(
    engine: ProcessEngine, small_llama: Model
) -> None:
    load(engine, small_llama)
    assert ask(engine, user("Hi")).finished.timings.load > 0
    assert ask(engine, user("Hi")).finished.timings.load == 0


def test_temperature_zero_always_says_the_same(starter_engine: ProcessEngine) -> None:
    question = user("Name three colours.")
    first = ask(starter_engine, question)
    ask(starter_engine, user("Something else in between."))
    assert ask(starter_engine, question).text == first.text


def test_a_seed_repeats_a_reply(starter_engine: ProcessEngine) -> None:
    def told(seed: int) -> str:
        sampling = Sampling(temperature=1.5, top_p=1, top_k=0, min_p=0, seed=seed, max_tokens=20)
        return ask(starter_engine, user("Invent a name."), sampling=sampling).text

    assert told(7) == told(7)
    assert told(7) != told(8)


def test_a_repeat_penalty_changes_what_is_said(starter_engine: ProcessEngine) -> None:
    question = user("Repeat the word tea ten times: tea tea tea")
    free = ask(starter_engine, question, sampling=likeliest(40)).text
    penalised = ask(starter_engine, question, sampling=likeliest(40, repeat_penalty=1.8)).text
    assert penalised.count("tea") < free.count("tea")


def test_pieces_come_as_they_are_written(starter_engine: ProcessEngine) -> None:
    prompt = Prompt((user("Tell me a long story."),), likeliest(60))
    news = list(starter_engine.reply(prompt, Stop()))
    pieces = [item for item in news if isinstance(item, Piece)]
    assert len(pieces) > 3
    assert isinstance(news[0], Reading)
    assert isinstance(news[-1], Finished)


def test_reading_is_told_in_steps(llama_engine: ProcessEngine) -> None:
    readings = ask(llama_engine, user("steps " + LONG), sampling=likeliest(1)).readings
    assert len(readings) >= 3
    assert readings[0].done < readings[-1].done == readings[-1].total


def test_a_stop_while_writing_keeps_the_model(starter_engine: ProcessEngine) -> None:
    prompt = Prompt((user("Tell me a long story."),), likeliest(None))
    news = until(starter_engine, prompt, Stop(), Piece)
    assert isinstance(news[-1], Finished)
    assert news[-1].finish is Finish.STOPPED
    assert sum(isinstance(item, Piece) for item in news) == 1
    assert starter_engine.loaded is not None
    assert ask(starter_engine, user("Hi")).text


def test_a_stop_while_reading_keeps_what_was_read(starter_engine: ProcessEngine) -> None:
    prompt = Prompt((user("Here: " + LONG),), likeliest(4))
    news = until(starter_engine, prompt, Stop(), Reading)
    assert isinstance(news[-1], Finished)
    assert news[-1].finish is Finish.STOPPED
    assert news[-1].usage.generated == 0
    assert not any(isinstance(item, Piece) for item in news)
    again = ask(starter_engine, *prompt.turns, sampling=prompt.sampling)
    assert again.finished.finish is Finish.LENGTH
    assert again.text


def test_a_reply_stopped_before_it_began_says_nothing(starter_engine: ProcessEngine) -> None:
    stop = Stop()
    stop.set()
    news = list(starter_engine.reply(Prompt((user("Hi"),), likeliest()), stop))
    assert isinstance(news[-1], Finished)
    assert news[-1].finish is Finish.STOPPED
    assert not any(isinstance(item, Piece) for item in news)


def test_a_reply_that_nobody_reads_on_gives_the_engine_free(starter_engine: ProcessEngine) -> None:
    reply = starter_engine.reply(Prompt((user("Tell me all."),), likeliest(None)), Stop())
    next(reply)
    reply.close()  # type: ignore[attr-defined]  # Every reply is a generator.
    assert starter_engine.loaded is not None
    assert ask(starter_engine, user("Hi")).text


def test_what_was_read_is_not_read_again(llama_engine: ProcessEngine) -> None:
    question = user("Remember this. " + LONG)
    first = ask(llama_engine, question)
    second = ask(llama_engine, question, assistant(first.text), user("Go on."))
    usage = second.finished.usage
    assert usage.cached > 600
    assert usage.prompt - usage.cached < 60


def test_the_kept_prefix_changes_nothing(llama_engine: ProcessEngine) -> None:
    turns = (user("One. " + LONG), assistant("Two."), user("Three?"))
    ask(llama_engine, user("Quite another beginning."))
    afresh = ask(llama_engine, *turns)
    ask(llama_engine, turns[0])
    kept = ask(llama_engine, *turns)
    assert afresh.finished.usage.cached < 100 < kept.finished.usage.cached
    assert kept.text == afresh.text


def test_no_part_of_a_stop_string_is_told(starter_engine: ProcessEngine) -> None:
    question = user("Count from one to ten in words.")
    whole = ask(starter_engine, question, sampling=likeliest(40)).text
    string = whole[10:16]
    answer = ask(starter_engine, question, sampling=likeliest(40, stop=(string,)))
    assert answer.finished.finish is Finish.STOP_STRING
    assert answer.text == whole[: whole.index(string)]


def test_characters_of_several_tokens_come_whole(llama_engine: ProcessEngine) -> None:
    hot = Sampling(temperature=5, top_k=0, top_p=1, min_p=0, seed=1, max_tokens=300)
    prompt = Prompt((user("Hi"),), hot)
    pieces = [n.text for n in llama_engine.reply(prompt, Stop()) if isinstance(n, Piece)]
    assert any(ord(letter) > 0x7FF for letter in "".join(pieces))
    for piece in pieces:
        piece.encode()


def test_a_reply_goes_on_where_it_ended(starter_engine: ProcessEngine) -> None:
    question = user("Count from one to ten in words.")
    whole = ask(starter_engine, question, sampling=likeliest(24)).text
    half = ask(starter_engine, question, sampling=likeliest(12)).text
    rest = ask(starter_engine, question, assistant(half), sampling=likeliest(12)).text
    assert (half + rest)[: len(whole)] == whole


def test_tokens_are_counted_without_a_frame(llama_engine: ProcessEngine) -> None:
    hello, nothing, forged = llama_engine.count(["Hello", "", "<|eot_id|>"], Stop())
    assert (hello, nothing) == (1, 0)
    assert forged > 1


def test_half_a_character_from_the_clipboard_is_no_harm(llama_engine: ProcessEngine) -> None:
    assert llama_engine.count(["\ud83d"], Stop()) == [1]
    assert ask(llama_engine, user("a \ud83d b")).finished.finish is Finish.LENGTH


def test_text_with_a_nul_is_read_to_its_end(llama_engine: ProcessEngine) -> None:
    short, long = llama_engine.count(["a\0", "a\0 and much more text"], Stop())
    assert long > short


def test_the_context_window_grows_when_a_prompt_needs_it(
    engine: ProcessEngine, tiny_llama: Model
) -> None:
    load(engine, tiny_llama)
    assert engine.loaded is not None
    before = engine.loaded
    small = ask(engine, user("x"))
    assert small.finished.usage.context == before.context == 4096
    text = " word" * 5000
    large = ask(engine, user(text))
    after = engine.loaded
    assert large.finished.usage.context == after.context == 8192
    assert after.memory > before.memory
    assert after.context_limit == before.context_limit


def test_the_context_window_grows_in_the_middle_of_a_reply(
    engine: ProcessEngine, tiny_llama: Model
) -> None:
    sampling = Sampling(temperature=0, max_tokens=1500)
    load(engine, tiny_llama, LoadOptions(context=8192))
    wide = ask(engine, user(" word" * 3000), sampling=sampling)
    assert wide.finished.usage.generated > 1100, "long enough to cross the edge"
    load(engine, tiny_llama)
    # Nobody said how long the reply gets, so nothing is made larger for it before.
    unlimited = Prompt((user(" word" * 3000),), Sampling(temperature=0))
    stop, text = Stop(), ""
    for news in engine.reply(unlimited, stop):
        if isinstance(news, Piece):
            text += news.text
            if len(text) >= len(wide.text):
                stop.set()
    assert engine.loaded is not None
    assert engine.loaded.context == 8192
    assert text.startswith(wide.text)


def test_a_full_window_ends_the_reply(engine: ProcessEngine, small_llama: Model) -> None:
    load(engine, small_llama, LoadOptions(context=256))
    answer = ask(engine, user("Hi"), sampling=Sampling(temperature=0))
    assert answer.finished.finish is Finish.CONTEXT_FULL
    usage = answer.finished.usage
    assert usage.context == 256
    assert usage.prompt + usage.generated == 257


def test_a_prompt_that_cannot_fit_says_both_numbers(
    engine: ProcessEngine, tiny_llama: Model
) -> None:
    load(engine, tiny_llama, LoadOptions(context=512))
    with pytest.raises(NoRoom, match=r"2,\d\d\d tokens.* 512"):
        ask(engine, user(" word" * 2000))
    assert ask(engine, user("Hi")).text


def test_others_wait_their_turn(starter_engine: ProcessEngine) -> None:
    question = user("Tell me a long story.")
    first = starter_engine.reply(Prompt((question,), likeliest(30)), Stop())
    next(first)
    with ThreadPoolExecutor() as threads:
        second = threads.submit(ask, starter_engine, user("Hi"))
        assert not second.done()
        assert isinstance(list(first)[-1], Finished)
        assert second.result().text


def test_whoever_is_stopped_while_waiting_leaves_at_once(starter_engine: ProcessEngine) -> None:
    first = starter_engine.reply(Prompt((user("Hi"),), likeliest(None)), Stop())
    next(first)
    stop, waiting = Stop(), Event()

    def ask_second() -> list[object]:
        waiting.set()
        return list(starter_engine.reply(Prompt((user("Hi"),)), stop))

    with ThreadPoolExecutor() as threads:
        second = threads.submit(ask_second)
        waiting.wait()
        stop.set()
        news = second.result(timeout=30)
    assert [type(item) for item in news] == [Finished]
    first.close()  # type: ignore[attr-defined]  # Every reply is a generator.
