"""What of a conversation goes into the context window, and what is left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sottovoce.domain.conversation import Role, Turn

# What a chat template adds around one turn, and once around all. The frames of Llama 3.1 and ChatML
# take 5 tokens a turn; Llama 3.1 adds 25 for its dates.
_TOKENS_PER_TURN = 8
_TOKENS_PER_PROMPT = 48
# No tokenizer in use averages more over a whole prompt: what is older than this cannot fit.
_MOST_BYTES_PER_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Selection:
    """The turns that fit."""

    turns: tuple[Turn, ...]
    left_out: int
    """How many of the oldest turns are not among them; the system text always is."""
    tokens: int


def select(
    system: str,
    history: Sequence[Turn],
    *,
    budget: int,
    count: Callable[[Sequence[str]], list[int]],
) -> Selection:
    """The newest turns of `history` that fit `budget` tokens together with the system text.

    `history` ends with the question, or with the part of a reply that is to go on. The question is
    always sent, even alone and too long: the engine then says so with its exact figures.
    """
    question = max(i for i, turn in enumerate(history) if turn.role is Role.USER)
    starts = _possible_starts(history, question, budget)
    counts = count([system, *(turn.text for turn in history[starts[0] :])])
    fixed = _TOKENS_PER_PROMPT + (counts[0] + _TOKENS_PER_TURN if system else 0)
    # tokens[i]: the prompt's size if it began at starts[0] + i.
    tokens = [fixed]
    for cost in reversed(counts[1:]):
        tokens.append(tokens[-1] + cost + _TOKENS_PER_TURN)
    tokens.reverse()
    start = next((s for s in starts if tokens[s - starts[0]] <= budget), question)
    frame = (Turn(Role.SYSTEM, system),) if system else ()
    return Selection((*frame, *history[start:]), left_out=start, tokens=tokens[start - starts[0]])


def _possible_starts(history: Sequence[Turn], question: int, budget: int) -> list[int]:
    """Where the prompt may begin, oldest first: some of the user's turns, and last the question.

    They lie a step apart, so that the beginning of the prompt, and with it the KV cache, stays the
    same for many turns after something had to be left out. A step of as many bytes as the budget
    has tokens is about a quarter of the context window.
    """
    sizes = [len(turn.text.encode()) for turn in history]
    total, step = sum(sizes), max(1, budget)
    starts = []
    before, steps_taken = 0, -1
    for i in range(question):
        if history[i].role is Role.USER and before // step > steps_taken:
            steps_taken = before // step
            if total - before <= budget * _MOST_BYTES_PER_TOKEN:
                starts.append(i)
        before += sizes[i]
    return [*starts, question]
