"""How tests talk to an engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.conversation import Role, Turn
from sottovoce.domain.model import Adapter, LoadOptions, Model, Sampling
from sottovoce.domain.reply import Finished, Piece, Reading
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine, Prompt


@dataclass(frozen=True)
class Answer:
    """What came back for a prompt."""

    text: str
    finished: Finished
    readings: list[Reading]


def model_at(path: Path, quantisation: str = "Q4_0") -> Model:
    size = path.stat().st_size if path.exists() else 0
    return Model(path.stem, path, size, "llama", quantisation, 8192)


def load(
    engine: Engine,
    model: Model,
    options: LoadOptions | None = None,
    adapters: Sequence[Adapter] = (),
) -> list[float]:
    """The fractions that were told."""
    loading = engine.load(model, options or LoadOptions(), Stop(), adapters)
    return [news.fraction for news in loading]


def user(text: str) -> Turn:
    return Turn(Role.USER, text)


def assistant(text: str) -> Turn:
    return Turn(Role.ASSISTANT, text)


def ask(engine: Engine, *turns: Turn, sampling: Sampling | None = None) -> Answer:
    """The whole reply, by default the likeliest twelve tokens."""
    sampling = sampling or Sampling(temperature=0, max_tokens=12)
    text, readings, finished = "", [], None
    for news in engine.reply(Prompt(turns, sampling), Stop()):
        assert finished is None, "nothing comes after the end"
        match news:
            case Reading():
                readings.append(news)
            case Piece(piece):
                text += piece
            case Finished():
                finished = news
    assert finished is not None
    return Answer(text, finished, readings)
