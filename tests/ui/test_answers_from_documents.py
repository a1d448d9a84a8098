"""A question to documents, as a person asks it: sources, answer, marks, the page beside it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from library import ingesting
from library.made_pdf import paragraph, save
from sottovoce.domain.document import Scope, Support
from sottovoce.domain.settings import Appearance, Settings
from sottovoce.library.local import LocalLibrary
from sottovoce.models.remote import Remote
from sottovoce.store.store import Store
from sottovoce.system.paths import Profile
from sottovoce.ui.chat.transcript.controls import Action, Control
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.view_model import Opened
from ui.talking import say

SENTENCE = "The deposit for the flat is two thousand euros."
QUESTION = "How much is the deposit for the flat?"


@pytest.fixture
def documents() -> Iterator[LocalLibrary]:
    with closing(ingesting.library()) as library:
        yield library


@pytest.fixture
def window(
    qtbot: QtBot,
    store: Store,
    engine: ScriptedEngine,
    documents: LocalLibrary,
    tasks: Tasks,
    look: Look,
    profile: Profile,
) -> Iterator[Shell]:
    """The opened window, with a library that reads."""
    window = Shell(
        Opened(store, Settings(), documents),
        engine,
        tasks,
        profile=profile,
        remote=Remote(profile),
        secrets=lambda: None,
        look=look,
        appearance=Appearance(),
    )
    qtbot.addWidget(window)
    window.resize(1300, 800)
    window.show()
    window.start()
    qtbot.waitUntil(lambda: window.model.model is not None)
    yield window
    window.close_down()
    tasks.close()


@pytest.fixture
def lease(tmp_path: Path) -> Path:
    """A contract of two pages; what is asked stands on the second."""
    return save(
        tmp_path / "Lease.pdf",
        paragraph("The rent is due on the first of each month."),
        paragraph("About the money that is given back.", SENTENCE),
    )


def controls(window: Shell, action: Action) -> list[Control]:
    window.page.transcript.viewport().repaint()
    return [each for each in window.page.transcript.controls() if each.action is action]


def asked(qtbot: QtBot, window: Shell, question: str) -> None:
    """Ask, and wait for the whole answer."""
    say(qtbot, window, question)
    qtbot.waitUntil(lambda: window.chat.is_busy)
    qtbot.waitUntil(lambda: not window.chat.is_busy)


def test_an_attached_file_answers_and_shows_the_sentence(
    qtbot: QtBot, window: Shell, engine: ScriptedEngine, lease: Path
) -> None:
    engine.replies = [f"{SENTENCE} The landlord collects stamps."]
    window.chat.attach([lease])
    qtbot.waitUntil(lambda: bool(window.scope.asked))
    asked(qtbot, window, QUESTION)

    reply = window.chat.messages[-1]
    assert reply.sources is not None
    assert [each.support for each in reply.sources.statements] == [
        Support.SUPPORTED,
        Support.UNSUPPORTED,
    ]
    (citation,) = reply.sources.citations
    assert (citation.quote, citation.span.page) == (SENTENCE, 2)
    assert next(each.name for each in controls(window, Action.SOURCE)) == "Open Lease, p. 2"

    (mark,) = controls(window, Action.CITATION)
    viewport = window.page.transcript.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=mark.rect.center().toPoint())
    qtbot.waitUntil(lambda: window.viewer.rendering is not None)
    pane = window.viewer_pane
    assert pane is not None
    assert pane.isVisible()
    qtbot.waitUntil(lambda: bool(pane.page_view._boxes))
    ((shown, boxes),) = pane.page_view._boxes
    assert shown.span == citation.span
    assert len(boxes) == 1
    pane.copy()
    assert QGuiApplication.clipboard().text() == SENTENCE

    qtbot.keyClick(pane.page_view, Qt.Key.Key_Escape)
    assert not pane.isVisible()
    assert window.viewer.document is None


def test_sources_stay_with_the_reply_when_the_chat_is_opened_again(
    qtbot: QtBot, window: Shell, engine: ScriptedEngine, lease: Path
) -> None:
    engine.replies = [SENTENCE]
    window.chat.attach([lease])
    qtbot.waitUntil(lambda: bool(window.scope.asked))
    asked(qtbot, window, QUESTION)
    assert window.chat.conversation is not None
    chat = window.chat.conversation.id
    window.chat.start_new()
    window.chat.open(chat)
    qtbot.waitUntil(lambda: len(controls(window, Action.CITATION)) == 1)
    qtbot.waitUntil(lambda: bool(window.scope.asked))


def test_a_document_that_is_looked_at_can_be_asked(
    qtbot: QtBot, window: Shell, engine: ScriptedEngine, documents: LocalLibrary, lease: Path
) -> None:
    collection = documents.new_collection("Lease")
    documents.add(collection.id, [lease], watch=False)
    (document,) = ingesting.read(documents)[-1:]
    window.viewer.open_document(document.id)
    qtbot.waitUntil(lambda: window.viewer.document is not None)
    assert window.viewer_pane is not None
    qtbot.mouseClick(window.viewer_pane._ask, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [each.name for each in window.scope.asked] == ["Lease.pdf"])
    assert window.scope.scope == Scope(documents=(document.id,))
    engine.replies = [SENTENCE]
    asked(qtbot, window, QUESTION)
    sources = window.chat.messages[-1].sources
    assert sources is not None
    assert [each.quote for each in sources.citations] == [SENTENCE]
    window.scope.remove(window.scope.asked[0])
    qtbot.waitUntil(lambda: window.scope.scope.is_empty)


def test_the_width_of_the_document_is_remembered(
    qtbot: QtBot, window: Shell, engine: ScriptedEngine, lease: Path
) -> None:
    window.chat.attach([lease])
    qtbot.waitUntil(lambda: bool(window.scope.asked))
    chip = window.page.composer.scope_bar.chips[0]
    qtbot.mouseClick(chip._name, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.viewer_pane is not None and window.viewer_pane.isVisible())
    assert window.viewer_width == Appearance().viewer_width
    window._beside.setSizes([500, 400])
    window._beside.splitterMoved.emit(0, 1)
    assert window.viewer_pane is not None
    assert window.viewer_width == window.viewer_pane.width()
