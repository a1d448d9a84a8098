"""What the engine costs beside llama.cpp, what a kept prefix saves, how soon a stop is heard."""

import json
import operator
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from engine.asking import assistant, load, user
from program import Program
from sottovoce.domain.conversation import Turn
from sottovoce.domain.model import Sampling
from sottovoce.domain.reply import Finish, Finished, Piece, Reading
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Prompt
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.shelf import starter

QUESTION = "Write a very long story about a lighthouse."
TOKENS = 160
ROUNDS = 9
TRIALS = 25
SENTENCE = "The keeper climbed the stairs and lit the lamp before the ships came home. "
LONG = SENTENCE * 190
"""About 3,000 tokens."""


def figures() -> Iterator[Figure]:
    """Decode speed, time to the first token, and latency of a stop, with the starter model."""
    engine = ProcessEngine()
    try:
        model = starter()
        assert model is not None
        load(engine, model)
        with tempfile.TemporaryDirectory() as folder:
            yield from _decode_speeds(engine, Program(Path(folder)))
        yield _kept_prefix(engine)
        yield _stop_latency(engine, reading=True)
        yield _stop_latency(engine, reading=False)
    finally:
        engine.close()


def _decode_speeds(engine: ProcessEngine, program: Program) -> Iterator[Figure]:
    """Of the whole path and of the engine alone, each against a bare loop, in turn."""
    assert engine.loaded is not None
    arguments = [str(engine.loaded.path), str(engine.loaded.threads)]
    bare, ours, asks = list[float](), list[float](), list[float]()
    with subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(ROUNDS):
            asks.append(_ask_speed(program))
            bare.append(_bare_speed(process))
            ours.append(_engine_speed(engine))
        assert process.stdin is not None
        process.stdin.close()
    for name, speeds in {"`ask`, encrypted and kept,": asks, "engine": ours}.items():
        yield Figure(
            f"decode speed, {name} to bare llama.cpp",
            # Pair by pair: whatever else the machine does slows both of a pair.
            statistics.median(map(operator.truediv, speeds, bare)),
            "ratio",
            0.95,
            less_is_better=False,
            note=f"{statistics.median(speeds):.0f} to {statistics.median(bare):.0f} tokens/s",
        )


def _ask_speed(program: Program) -> float:
    """Tokens per second as they leave `ask`, from the first piece to the saved answer."""
    options = ["--json", "--temperature", "0", "--max-tokens", str(TOKENS)]
    with program.start("ask", QUESTION, *options) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first = time.perf_counter()
        for line in process.stdout:
            last = json.loads(line)
            if last["type"] == "answer":
                assert last["usage"]["generated"] == TOKENS
                return (TOKENS - 1) / (time.perf_counter() - first)
    raise AssertionError("ask ends with the answer")


def _engine_speed(engine: ProcessEngine) -> float:
    """Tokens per second as they arrive here."""
    first = 0.0
    prompt = Prompt((user(QUESTION),), Sampling(temperature=0, max_tokens=TOKENS))
    for news in engine.reply(prompt, Stop()):
        match news:
            case Piece() if not first:
                first = time.perf_counter()
            case Finished():
                assert news.usage.generated == TOKENS
                return (TOKENS - 1) / (time.perf_counter() - first)
    raise AssertionError("a reply always finishes")


def _bare_speed(process: subprocess.Popen[str]) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("again\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def _kept_prefix(engine: ProcessEngine) -> Figure:
    kept, afresh = [], []
    for number in range(3):
        turns = (user(f"Story {number}. {LONG}"), assistant("A lamp."), user("And then?"))
        _until_first_token(engine, *turns[:1])
        kept.append(_until_first_token(engine, *turns))
        _until_first_token(engine, user("Something else."))
        afresh.append(_until_first_token(engine, *turns))
    with_it, without = statistics.median(kept), statistics.median(afresh)
    return Figure(
        "first token of a second turn, prefix kept to not",
        with_it / without,
        "ratio",
        0.1,
        note=f"median {with_it:.2f} s to {without:.2f} s",
    )


def _until_first_token(engine: ProcessEngine, *turns: Turn) -> float:
    asked = time.perf_counter()
    for news in engine.reply(Prompt(turns, Sampling(temperature=0, max_tokens=1)), Stop()):
        if isinstance(news, Piece):
            return time.perf_counter() - asked
    raise AssertionError("the first token shows")


def _stop_latency(engine: ProcessEngine, *, reading: bool) -> Figure:
    """From setting the stop in another thread to the end of the reply, at random moments."""
    chance = random.Random(1)
    latencies = []
    for number in range(TRIALS):
        text = f"Story {number}. {LONG}" if reading else QUESTION
        prompt = Prompt((user(text),), Sampling(temperature=0))
        latencies.append(_stopped(engine, prompt, Reading if reading else Piece, chance.random()))
    assert engine.loaded is not None, "the model stays"
    what = "reading 3,000 tokens" if reading else "writing"
    return Figure(
        f"stop while {what}, p95 to silence",
        1000 * statistics.quantiles(latencies, n=20)[-1],
        "ms",
        50,
        note=f"median {1000 * statistics.median(latencies):.1f} ms, {TRIALS} times",
    )


def _stopped(engine: ProcessEngine, prompt: Prompt, begin: type, after: float) -> float:
    """Seconds from the stop, which comes `after` seconds of what is begun, to the last news."""
    stop = Stop()
    set_at = 0.0

    def set_now() -> None:
        nonlocal set_at
        set_at = time.perf_counter()
        stop.set()

    timer = threading.Timer(after, set_now)
    for news in engine.reply(prompt, stop):
        if isinstance(news, begin) and not timer.is_alive() and not stop.is_set:
            timer.start()
        if isinstance(news, Finished):
            ended = time.perf_counter()
            timer.join()
            assert news.finish is Finish.STOPPED
            return ended - set_at
    raise AssertionError("a reply always finishes")


def _bare_loop(path: str, threads: int) -> None:
    """Decode with nothing but llama.cpp for every line on stdin, and print tokens per second."""
    # Late: the process that measures the engine from outside must not hold llama.cpp.
    from llama_cpp import llama_cpp as c

    from sottovoce.engine import backends, llama

    said = llama.Log()
    backends.load()
    parameters = c.llama_model_default_params()
    parameters.use_extra_bufts = False
    model = c.llama_model_load_from_file(path.encode(), parameters)
    assert model, said.troubles
    vocabulary = c.llama_model_get_vocab(model)
    settings = c.llama_context_default_params()
    settings.n_ctx = 4096
    settings.n_threads = settings.n_threads_batch = threads
    settings.flash_attn_type = c.LLAMA_FLASH_ATTN_TYPE_DISABLED
    window = c.llama_init_from_model(model, settings)
    text = f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n".encode()
    prompt = (c.llama_token * 100)()
    count = c.llama_tokenize(vocabulary, text, len(text), prompt, 100, False, True)
    sampler = c.llama_sampler_init_greedy()
    one = (c.llama_token * 1)()
    batch_of_one = c.llama_batch_get_one(one, 1)
    for _ in sys.stdin:
        c.llama_memory_clear(c.llama_get_memory(window), True)
        c.llama_decode(window, c.llama_batch_get_one(prompt, count))
        one[0] = c.llama_sampler_sample(sampler, window, -1)
        begun = time.perf_counter()
        for _ in range(TOKENS - 1):
            c.llama_decode(window, batch_of_one)
            one[0] = c.llama_sampler_sample(sampler, window, -1)
        sys.stdout.write(f"{(TOKENS - 1) / (time.perf_counter() - begun)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _bare_loop(sys.argv[1], int(sys.argv[2]))
