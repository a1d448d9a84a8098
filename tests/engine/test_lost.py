"""The engine's process dies, hangs or is left alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.asking import ask, load, model_at, user
from engine.files import with_template
from sottovoce.domain.model import LoadOptions, Model, Sampling
from sottovoce.domain.problems import Interrupted, Unsupported
from sottovoce.domain.reply import Finish, Finished, Piece, Reading
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Prompt
from sottovoce.engine.process import ProcessEngine

ENDLESS = Prompt((user("Tell me a long story."),), Sampling(temperature=0))
NEVER_ENDING = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
GREEDY = (
    "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}"
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent")


def child() -> psutil.Process:
    """The only engine process of this one."""
    (found,) = (
        process
        for process in psutil.Process().children()
        if "--engine-process" in process.cmdline()
    )
    return found


def writing(engine: ProcessEngine, stop: Stop) -> Iterator[Reading | Piece | Finished]:
    """An endless reply that has begun."""
    news = engine.reply(ENDLESS, stop)
    while not isinstance(next(news), Piece):
        pass
    return news


def test_a_killed_engine_is_interrupted_and_the_next_question_works(
    engine: ProcessEngine, starter: Model
) -> None:
    load(engine, starter)
    news = writing(engine, Stop())
    child().kill()
    with pytest.raises(Interrupted, match="kept"):
        list(news)
    assert engine.loaded is None
    load(engine, starter)
    assert ask(engine, user("Hi")).text


def test_a_killed_engine_does_not_make_a_stop_a_problem(
    engine: ProcessEngine, starter: Model
) -> None:
    load(engine, starter)
    stop = Stop()
    news = writing(engine, stop)
    stop.set()
    child().kill()
    end = list(news)[-1]
    assert isinstance(end, Finished)
    assert end.finish is Finish.STOPPED


def test_an_engine_killed_between_questions_is_noticed(
    engine: ProcessEngine, small_llama: Model
) -> None:
    load(engine, small_llama)
    victim = child()
    victim.kill()
    psutil.wait_procs([victim])
    assert engine.loaded is None
    with pytest.raises(Interrupted):
        ask(engine, user("Hi"))
    with pytest.raises(Interrupted):
        engine.count(["Hi"], Stop())
    load(engine, small_llama)
    assert ask(engine, user("Hi")).text


def test_where_a_gpu_ends_the_engine_the_processor_takes_over(
    engine: ProcessEngine, starter: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProcessEngine, "_has_gpu", lambda *_: True)
    loading = engine.load(starter, LoadOptions(), Stop())
    next(loading)
    child().send_signal(signal.SIGABRT)
    list(loading)
    assert engine.loaded is not None
    assert engine.loaded.gpu_layers == 0
    assert engine.loaded.note.startswith("The processor computes alone")
    assert load(engine, starter) == [], "it stays loaded as it was wished for"


def test_an_engine_killed_while_loading_is_told(engine: ProcessEngine, small_llama: Model) -> None:
    loading = engine.load(small_llama, LoadOptions(), Stop())
    next(loading)
    child().kill()
    with pytest.raises(Exception, match="memory"):
        list(loading)
    assert engine.loaded is None


def suspended() -> psutil.Process:
    """The engine's process, which does nothing any more."""
    process = child()
    process.suspend()
    while process.status() != psutil.STATUS_STOPPED:
        pass  # Some of its threads may still be at work.
    return process


def test_a_hung_engine_is_ended(engine: ProcessEngine, starter: Model) -> None:
    load(engine, starter)
    news = writing(engine, Stop())
    victim = suspended()
    with pytest.raises(Interrupted, match="no longer answered"):
        list(news)
    assert not victim.is_running()
    load(engine, starter)
    assert ask(engine, user("Hi")).text


def test_a_long_question_to_a_hung_engine_does_not_block(
    engine: ProcessEngine, small_llama: Model
) -> None:
    load(engine, small_llama)
    suspended()
    with pytest.raises(Interrupted, match="no longer answered"):
        ask(engine, user("word " * 100_000))


def test_a_hung_engine_does_not_hold_up_a_stop(engine: ProcessEngine, starter: Model) -> None:
    load(engine, starter)
    stop = Stop()
    news = writing(engine, stop)
    suspended()
    stop.set()
    end = list(news)[-1]
    assert isinstance(end, Finished)
    assert end.finish is Finish.STOPPED
    assert engine.loaded is None


def test_a_hung_engine_can_be_closed(engine: ProcessEngine, small_llama: Model) -> None:
    load(engine, small_llama)
    victim = suspended()
    engine.close()
    assert not victim.is_running()


def test_a_template_that_never_ends_is_ended(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path
) -> None:
    path = with_template(small_llama.path, NEVER_ENDING, tmp_path / "model.gguf")
    load(engine, model_at(path))
    with pytest.raises(Interrupted):
        ask(engine, user("Hi"))
    load(engine, small_llama)
    assert ask(engine, user("Hi")).text


@pytest.mark.skipif(sys.platform != "linux", reason="memory can be limited on Linux only")
def test_a_template_that_takes_all_memory_is_unsupported(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path
) -> None:
    path = with_template(small_llama.path, GREEDY, tmp_path / "model.gguf")
    load(engine, model_at(path))
    with pytest.raises(Unsupported):
        ask(engine, user("Hi"))
    assert engine.loaded is not None


def test_a_file_that_shrinks_while_in_use_is_interrupted(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(small_llama.path.read_bytes())
    load(engine, model_at(path, "F16"))  # Not rearranged, so it is read from the file as needed.
    os.truncate(path, 4096)
    with pytest.raises(Interrupted):
        ask(engine, user("Hi"))
    load(engine, small_llama)
    assert ask(engine, user("Hi")).text


def test_closing_leaves_no_process(engine: ProcessEngine, starter: Model) -> None:
    load(engine, starter)
    victim = child()
    writing(engine, Stop())
    engine.close()
    assert not victim.is_running()
    assert not psutil.Process().children()


PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from engine.asking import load, model_at, user
from sottovoce.domain.reply import Piece
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Prompt
from sottovoce.engine.process import ProcessEngine
engine = ProcessEngine()
load(engine, model_at(Path({model!r})))
for news in engine.reply(Prompt((user("Tell me a long story."),)), Stop()):
    if isinstance(news, Piece):
        print(engine._child._process.pid, flush=True)
        break_here = sys.stdin.read()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_engine_dies_with_its_parent(starter: Model, end: signal.Signals) -> None:
    tests = str(Path(__file__).parents[1])
    program = PARENT.format(tests=tests, model=str(starter.path))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(end)
        parent.wait()
        _, left = psutil.wait_procs([orphan], timeout=30)
    assert not left


def test_the_engine_ignores_an_interrupt_from_the_keyboard(
    engine: ProcessEngine, small_llama: Model
) -> None:
    load(engine, small_llama)
    child().send_signal(signal.SIGINT)
    assert ask(engine, user("Hi")).text


@pytest.fixture
def marked(engine: ProcessEngine, small_llama: Model, tmp_path: Path) -> Callable[[], str]:
    """What the log says after questions with a marker, one of them fatal."""

    def log() -> str:
        load(engine, small_llama)
        ask(engine, user("A secret marmalade sandwich."))
        engine.count(["marmalade"], Stop())
        path = with_template(
            small_llama.path, "{{ messages[0].content.marmalade.jam }}", tmp_path / "marmalade.gguf"
        )
        load(engine, model_at(path))
        with pytest.raises(Unsupported):
            ask(engine, user("A secret marmalade sandwich."))
        path.write_bytes(path.read_bytes()[:-1000])
        with pytest.raises(Exception, match="damaged"):
            load(engine, model_at(path), LoadOptions(threads=1))
        return (tmp_path / "engine.log").read_text()

    return log


def test_the_log_tells_of_the_engine_and_never_of_the_user(marked: Callable[[], str]) -> None:
    text = marked()
    assert "loaded in" in text
    assert "marmalade" not in text


def test_a_log_that_is_full_begins_anew(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path
) -> None:
    log = tmp_path / "engine.log"
    log.write_bytes(b"x" * 1_100_000)
    load(engine, small_llama)
    assert log.stat().st_size < 10_000


def test_the_parents_side_is_light() -> None:
    program = (
        "import sys, sottovoce.engine.process;"
        "sys.exit(', '.join({'llama_cpp', 'numpy', 'jinja2', 'PySide6'} & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
