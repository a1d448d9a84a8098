import threading
from collections.abc import Iterator

from pytestqt.qtbot import QtBot

from sottovoce.domain.problems import Missing
from sottovoce.domain.stop import Stop
from sottovoce.ui.tasks import Tasks


def test_news_comes_in_order_in_the_thread_of_the_screen(qtbot: QtBot, tasks: Tasks) -> None:
    heard: list[tuple[object, bool]] = []
    here = threading.current_thread()

    def work(_: Stop) -> Iterator[int]:
        yield from range(3)

    tasks.start(
        work,
        news=lambda item: heard.append((item, threading.current_thread() is here)),
        ended=lambda: heard.append(("end", threading.current_thread() is here)),
    )
    qtbot.waitUntil(lambda: len(heard) == 4)
    assert heard == [(0, True), (1, True), (2, True), ("end", True)]


def test_stopping_is_not_a_problem(qtbot: QtBot, tasks: Tasks) -> None:
    failures: list[Exception] = []
    ended: list[bool] = []
    stopped = threading.Event()

    def work(stop: Stop) -> Iterator[int]:
        yield 1
        stopped.wait(10)
        stop.check()
        yield 2

    stop = tasks.start(work, failed=failures.append, ended=lambda: ended.append(True))
    stop.set()
    stopped.set()
    qtbot.waitUntil(lambda: ended == [True])
    assert failures == []


def test_questions_are_answered_in_the_order_they_were_asked(qtbot: QtBot, tasks: Tasks) -> None:
    done: list[int] = []
    heard: list[int] = []
    first_may_end = threading.Event()

    def slow() -> int:
        first_may_end.wait(10)
        done.append(1)
        return 1

    def quick() -> int:
        done.append(2)
        return 2

    tasks.ask(slow, heard.append)
    tasks.ask(quick, heard.append)
    first_may_end.set()
    qtbot.waitUntil(lambda: heard == [1, 2])
    assert done == [1, 2]


def test_a_failure_nobody_waits_for_is_told_to_the_application(qtbot: QtBot, tasks: Tasks) -> None:
    def fail() -> None:
        raise Missing("It is gone.")

    with qtbot.waitSignal(tasks.crashed) as told:
        tasks.ask(fail)
    assert str(told.args[0]) == "It is gone."


def test_closing_answers_the_questions_that_wait_and_tells_nobody(
    qtbot: QtBot, tasks: Tasks
) -> None:
    kept: list[int] = []
    heard: list[int] = []
    for i in range(20):
        tasks.ask(lambda i=i: kept.append(i), lambda _: heard.append(1))  # type: ignore[misc]  # mypy cannot infer a lambda with a default.
    tasks.close()
    assert kept == list(range(20))
    qtbot.wait(1)
    assert heard == []


def test_nothing_starts_after_closing(qtbot: QtBot, tasks: Tasks) -> None:
    tasks.close()
    tasks.ask(lambda: (_ for _ in ()).throw(AssertionError))
    stop = tasks.start(lambda _: iter([1]))
    assert not stop.is_set
