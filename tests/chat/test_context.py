from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.chat.context import select
from sottovoce.domain.conversation import Role, Turn


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def chat(*lengths: int) -> list[Turn]:
    """User and assistant in turn, each with so many words."""
    roles = [Role.USER, Role.ASSISTANT]
    return [Turn(roles[i % 2], f"w{i} " * length) for i, length in enumerate(lengths)]


def test_a_short_chat_is_sent_whole() -> None:
    history = chat(10, 20, 5)

    selection = select("Be brief.", history, budget=1000, count=count_words)

    assert selection.turns == (Turn(Role.SYSTEM, "Be brief."), *history)
    assert selection.left_out == 0


def test_the_oldest_turns_are_left_out_and_counted() -> None:
    history = chat(400, 400, 400, 400, 5)

    selection = select("", history, budget=1000, count=count_words)

    assert selection.left_out == 2
    assert selection.turns == tuple(history[2:])
    assert selection.tokens <= 1000


def test_the_system_text_is_never_left_out() -> None:
    selection = select("rule " * 100, chat(900, 900, 5), budget=1000, count=count_words)

    assert selection.turns[0].role is Role.SYSTEM
    assert selection.left_out == 2


def test_a_question_too_long_is_sent_alone_for_the_engine_to_refuse() -> None:
    history = chat(5, 5, 5000)

    selection = select("", history, budget=1000, count=count_words)

    assert selection.turns == (history[-1],)
    assert selection.tokens > 1000


def test_a_reply_that_goes_on_keeps_its_question() -> None:
    history = chat(900, 900, 30, 200)

    selection = select("", history, budget=1000, count=count_words)

    assert selection.turns == tuple(history[2:])


def test_the_cut_stays_for_several_turns_so_that_the_cache_is_kept() -> None:
    lengths: list[int] = []
    cuts = set()
    for _ in range(40):
        lengths += [40, 40]
        cuts.add(select("", chat(*lengths, 5), budget=1000, count=count_words).left_out)

    assert len(cuts) <= 12  # 40 chats that differ by one turn, 80 words each.


def test_a_very_old_past_is_not_even_counted() -> None:
    counted = 0

    def count(texts: Sequence[str]) -> list[int]:
        nonlocal counted
        counted += len(texts)
        return count_words(texts)

    select("", chat(*[100] * 10_000, 5), budget=1000, count=count)

    assert counted < 200


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(60, 2000))
def test_what_is_sent_fits_or_is_the_question_alone(lengths: list[int], budget: int) -> None:
    history = chat(*lengths, *([1] if len(lengths) % 2 == 0 else [1, 1]))

    selection = select("", history, budget=budget, count=count_words)

    assert selection.turns == tuple(history[selection.left_out :])
    assert selection.turns[0].role is Role.USER
    question_alone = len(selection.turns) == 1
    assert selection.tokens <= budget or question_alone
