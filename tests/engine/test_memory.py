"""Where memory turns out smaller than was planned for."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice, pairwise
from typing import Any

import pytest

from engine.asking import user
from sottovoce.domain.footprint import Layout
from sottovoce.domain.hardware import Gpu, GpuKind, Machine
from sottovoce.domain.model import LoadOptions, Model, Sampling
from sottovoce.domain.problems import NoRoom
from sottovoce.domain.reply import Finish
from sottovoce.engine import backends, llama, loading, wire
from sottovoce.engine.session import Session

GB = 1_000_000_000
Allows = Callable[[Layout], bool]
Limit = Callable[[Allows], None]


@pytest.fixture(scope="module", autouse=True)
def _back_ends() -> None:
    backends.load()


@pytest.fixture(autouse=True)
def _given_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Windows and weights go when their test is over: here, no process ends with them."""
    alive: list[llama.Model | llama.Window] = []
    for kind in (llama.Model, llama.Window):
        monkeypatch.setattr(kind, "__init__", _noting(kind.__init__, alive.append))
        monkeypatch.setattr(kind, "close", _noting(kind.close, alive.remove))
    yield
    for thing in reversed(alive.copy()):
        thing.close()


def _noting(method: Callable[..., None], note: Callable[[Any], None]) -> Callable[..., None]:
    def noted(thing: object, *arguments: Any, **options: Any) -> None:
        method(thing, *arguments, **options)
        note(thing)

    return noted


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Has windows find no memory unless their layout is allowed."""

    class Limited(llama.Window):
        def __init__(
            self, model: llama.Model, layout: Layout, *, threads: int, flag: llama.Flag
        ) -> None:
            if not allowed[-1](layout):
                raise MemoryError
            super().__init__(model, layout, threads=threads, flag=flag)

    allowed: list[Allows] = [lambda _: True]
    monkeypatch.setattr(llama, "Window", Limited)
    return allowed.append


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the plan believe in a GPU. llama.cpp, which finds none, keeps all on the processor."""
    card = Gpu("Test GPU", GpuKind.CUDA, total=8 * GB, free=8 * GB)
    machine = Machine("CPU", (), 2, 16 * GB, 16 * GB, gpus=(card,))
    monkeypatch.setattr(backends, "machine", lambda _: machine)


def loaded(model: Model, wishes: LoadOptions | None = None) -> tuple[Session, wire.Loaded]:
    """Loaded in this process, where it can be looked into."""
    question = wire.Load(
        path=os.fsencode(model.path),
        repack=False,
        wishes=wishes or LoadOptions(threads=1),
        available=4 * GB,
    )
    with closing(llama.Log()) as said:
        return loading.load(question, flag=llama.Flag(), said=said, loading=lambda _: None)


def written(session: Session, words: int, tokens: int = 8) -> list[wire.News]:
    sampling = Sampling(temperature=0, max_tokens=tokens)
    turns = (user("lamp " * words),)
    return list(session.reply(wire.Reply(turns, sampling, available=4 * GB)))


def test_a_window_without_memory_is_made_smaller_with_a_note(
    tiny_llama: Model, limit: Limit
) -> None:
    limit(lambda layout: layout.context <= 1024)
    session, told = loaded(tiny_llama)
    assert told.context == told.context_limit == 1024
    assert told.note == (
        "The context window holds 1,024 tokens, because memory was too small for more."
    )
    assert isinstance(written(session, 10)[-1], wire.Finished)


def test_no_memory_for_any_window_is_no_room(tiny_llama: Model, limit: Limit) -> None:
    limit(lambda _: False)
    with pytest.raises(NoRoom, match="too small for this model"):
        loaded(tiny_llama)


@pytest.mark.usefixtures("gpu")
def test_fewer_layers_are_put_on_a_gpu_that_is_too_small(starter: Model, limit: Limit) -> None:
    limit(lambda layout: layout.gpu_layers <= 12)
    _, told = loaded(starter)
    assert 0 < told.gpu_layers <= 12
    assert told.note == (
        f"{told.gpu_layers} of 31 layers are on the GPU, because its memory was too small for more."
    )


@pytest.mark.usefixtures("gpu")
def test_the_processor_takes_over_where_nothing_fits_the_gpu(starter: Model, limit: Limit) -> None:
    limit(lambda layout: layout.gpu_layers == 0)
    session, told = loaded(starter)
    assert told.gpu_layers == 0
    assert told.backend.startswith("CPU")
    assert told.note.startswith("The processor computes alone")
    assert isinstance(written(session, 10)[-1], wire.Finished)


@pytest.mark.usefixtures("gpu")
def test_fewer_layers_that_were_wished_for_are_not_excused(starter: Model) -> None:
    _, told = loaded(starter, LoadOptions(gpu_layers=5, threads=1))
    assert told.gpu_layers == 5
    assert told.note == ""


def test_a_window_that_cannot_grow_ends_the_reply_where_it_is_full(
    tiny_llama: Model, limit: Limit
) -> None:
    limit(lambda layout: layout.context <= 4096)
    session, told = loaded(tiny_llama)
    assert told.context_limit > 4096
    *news, finished = written(session, 4000, tokens=1000)
    assert isinstance(finished, wire.Finished)
    assert finished.finish is Finish.CONTEXT_FULL
    assert any(isinstance(each, wire.Piece) for each in news)


def test_a_reply_that_runs_out_of_memory_keeps_its_words(
    tiny_llama: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = loaded(tiny_llama)
    add = llama.Window.add
    added = []

    def fails_later(window: llama.Window, token: int) -> bool:
        added.append(token)
        if len(added) > 200:
            raise llama.DecodeFailed(llama.NO_MEMORY)
        return add(window, token)

    monkeypatch.setattr(llama.Window, "add", fails_later)
    reply = session.reply(wire.Reply((user("Hi"),), Sampling(temperature=0), 4 * GB))
    pieces: list[wire.News] = []

    def read_on() -> None:
        pieces.extend(each for each in reply if isinstance(each, wire.Piece))

    with pytest.raises(NoRoom, match="What was written is kept"):
        read_on()
    assert pieces


LIMITED = """
import resource, sys
from pathlib import Path
from sottovoce.domain.model import LoadOptions, Model
from sottovoce.domain.problems import NoRoom
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine

path, space = Path(sys.argv[1]), int(sys.argv[2])
model = Model("Starter", path, path.stat().st_size, "llama", "Q4_1", 8192)
resource.setrlimit(resource.RLIMIT_AS, (space, space))
engine = ProcessEngine(available_memory=lambda: 64_000_000_000)
try:
    list(engine.load(model, LoadOptions(context=8192, threads=1), Stop()))
    print(engine.loaded.context)
except NoRoom:
    print(0)
finally:
    engine.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_a_limited_address_space_gives_a_smaller_window_or_no_room(starter: Model) -> None:
    def outcome(space: int) -> int:
        """The size of the window; 0 for no room."""
        arguments = [sys.executable, "-c", LIMITED, str(starter.path), str(space)]
        said = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
        return int(said)

    windows = [outcome(space * 1_000_000) for space in (300, 450, 550, 600, 650, 700, 4000)]
    assert windows == sorted(windows)
    assert windows[0] == 0
    assert windows[-1] == 8192
    assert any(0 < window < 8192 for window in windows)


@pytest.mark.usefixtures("gpu")
def test_gpus_without_layers_are_not_touched(
    starter: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    read_model = llama.read_model

    def listening(path: bytes, **parameters: Any) -> llama.Model:
        told.append(parameters["gpus"])
        return read_model(path, **{**parameters, "gpus": ()})

    card = backends.Device(handle=1, registry=1, type=backends.GPU, back_end="Test")
    monkeypatch.setattr(backends, "gpu_devices", lambda: [card])
    monkeypatch.setattr(llama, "read_model", listening)
    loaded(starter, LoadOptions(gpu_layers=0, threads=1))
    loaded(starter, LoadOptions(gpu_layers=5, threads=1))
    assert told == [[], [1]]


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(("moment", "steps"), [(0, (64, 32, 32)), (1000, (64, 128, 256))])
def test_a_gpu_reads_as_much_at_once_as_it_can_in_a_moment(
    starter: Model, monkeypatch: pytest.MonkeyPatch, moment: float, steps: tuple[int, ...]
) -> None:
    monkeypatch.setattr(llama, "MOMENT", moment)
    session, _ = loaded(starter)
    turns = (user("lamp " * 600),)
    reply = session.reply(wire.Reply(turns, Sampling(), available=4 * GB))
    done = [news.done for news in islice(reply, 4) if isinstance(news, wire.Reading)]
    assert tuple(after - before for before, after in pairwise(done)) == steps
