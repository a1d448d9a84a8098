"""A window on real chats in memory, with a scripted engine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, SignalInstance
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

from fakes import ScriptedEngine
from sottovoce.domain.settings import Appearance, Scheme, Settings
from sottovoce.models.remote import Remote
from sottovoce.store.store import Store, open_store
from sottovoce.system.paths import Profile
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.view_model import Opened
from ui.library_script import ScriptedLibrary

# Also where pytest is started by hand: a test needs no display, and must not flicker on one.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


_PATIENCE_MILLISECONDS = 60_000


class PatientBot(QtBot):
    """Waits as long as a machine may need that has other things to do."""

    def waitUntil(
        self, callback: Callable[[], bool | None], *, timeout: int = _PATIENCE_MILLISECONDS
    ) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(
        self,
        signal: SignalInstance,
        *,
        timeout: int = _PATIENCE_MILLISECONDS,
        raising: bool | None = None,
        check_params_cb: Callable[..., bool] | None = None,
    ) -> SignalBlocker:
        return super().waitSignal(
            signal, timeout=timeout, raising=raising, check_params_cb=check_params_cb
        )


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path)


@pytest.fixture
def tasks(qapp: QApplication) -> Iterator[Tasks]:
    tasks = Tasks()
    yield tasks
    tasks.close()


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store(None, b"") as store:
        yield store


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def library() -> ScriptedLibrary:
    return ScriptedLibrary()


@pytest.fixture
def look(qapp: QApplication) -> Look:
    # The widgets of the test before, which Qt would otherwise style anew before it deletes them.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return Look(qapp, Scheme.LIGHT)


@pytest.fixture
def shell(
    qtbot: QtBot,
    store: Store,
    engine: ScriptedEngine,
    tasks: Tasks,
    look: Look,
    profile: Profile,
    library: ScriptedLibrary,
) -> Iterator[Shell]:
    """The opened window, with the starter model chosen."""
    shell = Shell(
        Opened(store, Settings(), library),
        engine,
        tasks,
        profile=profile,
        remote=Remote(profile),
        secrets=lambda: None,
        look=look,
        appearance=Appearance(),
    )
    qtbot.addWidget(shell)
    shell.resize(1000, 700)
    shell.show()
    shell.start()
    qtbot.waitUntil(lambda: shell.model.model is not None)
    yield shell
    shell.close_down()
    # Before the widgets go: what is under way must not find them gone.
    tasks.close()
    shell.temporary_library.close()
