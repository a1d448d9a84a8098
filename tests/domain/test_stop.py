from sottovoce.domain.stop import Stop


def test_a_listener_is_called_once_also_when_stop_was_set_before() -> None:
    stop, calls = Stop(), []
    with stop.calling(lambda: calls.append("early")):
        stop.set()
        stop.set()
    with stop.calling(lambda: calls.append("late")):
        pass
    assert calls == ["early", "late"]


def test_a_listener_that_left_is_not_called() -> None:
    stop, calls = Stop(), []
    with stop.calling(lambda: calls.append("called")):
        pass
    stop.set()
    assert calls == []


def test_a_signal_in_the_middle_of_stopping_does_not_lock_up() -> None:
    stop = Stop()
    with stop._lock:  # As a signal handler finds it that interrupts `calling`.
        stop.set()
    assert stop.is_set
