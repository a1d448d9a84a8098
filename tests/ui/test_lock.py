"""When the window locks, and how it is unlocked."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from fakes import MemorySecrets, ScriptedEngine
from sottovoce.domain.policy import Policy
from sottovoce.domain.settings import Settings
from sottovoce.models.remote import Remote
from sottovoce.store.store import Store, open_store
from sottovoce.system.paths import Profile
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.restart import RESTART
from sottovoce.system.secrets import Secrets
from sottovoce.system.vault import Vault
from sottovoce.ui.application import Session, WindowParts
from sottovoce.ui.lock.input import Input
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.settings.lock_card import LockCard
from sottovoce.ui.settings.lock_view_model import LockViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.view_model import Step
from ui.talking import ask, field

PASSPHRASE = "the right one"
Make = Callable[..., LockViewModel]


class Clock:
    """Stands still until it is told how late it is."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(store: Store, tasks: Tasks, clock: Clock) -> Make:
    def made(policy: Policy | None = None, *, is_kept: bool = True, **own: object) -> LockViewModel:
        settings = SettingsViewModel(store, tasks, replace(Settings(), **own))  # type: ignore[arg-type]  # The tests' own.
        return LockViewModel(settings, policy or Policy(), is_kept=is_kept, clock=clock)

    return made


def locks(lock: LockViewModel) -> list[None]:
    """Grows with each lock."""
    heard: list[None] = []
    lock.due.connect(lambda: heard.append(None))
    return heard


def test_it_locks_when_nobody_types_or_points_for_long(make: Make, clock: Clock) -> None:
    lock = make(lock_after=5)
    heard = locks(lock)
    for clock.seconds in range(0, 590, 5):
        if clock.seconds == 290:
            assert lock.note_input()
        lock.look()
    assert heard == []
    clock.seconds = 590
    lock.look()
    assert len(heard) == 1


def test_the_last_seconds_are_counted_and_any_input_ends_that(make: Make, clock: Clock) -> None:
    lock = make(lock_after=5)
    told: list[int] = []
    lock.nearing.connect(told.append)
    for clock.seconds in (275, 280, 281.5):
        lock.look()
    assert told == [20, 19]
    assert lock.note_input()
    assert told == [20, 19, 0]
    for clock.seconds in (300, 500):
        lock.look()
    assert told == [20, 19, 0]


def test_the_countdown_is_seen_on_every_page(shell: Shell) -> None:
    shell.actions_by_id["documents"].trigger()
    shell.lock.nearing.emit(12)
    assert shell.countdown.isVisible()
    assert "12 s" in shell.countdown.accessibleName()
    assert shell.rect().contains(shell.countdown.geometry())
    shell.lock.nearing.emit(0)
    assert not shell.countdown.isVisible()


def test_input_that_comes_too_late_does_not_reach_the_chats(make: Make, clock: Clock) -> None:
    lock = make(lock_after=5)
    heard = locks(lock)
    clock.seconds = 300
    assert not lock.note_input()
    assert len(heard) == 1


def test_it_never_locks_by_itself_if_nobody_wants_it(make: Make, clock: Clock) -> None:
    lock = make(lock_after=0, locks_with_screen=False)
    heard = locks(lock)
    clock.seconds = 1e6
    lock.look()
    assert lock.note_input()
    lock.note_rest()
    assert heard == []
    lock.lock()
    assert len(heard) == 1


def test_it_locks_with_the_screen(make: Make) -> None:
    lock = make()
    heard = locks(lock)
    lock.note_rest()
    assert len(heard) == 1


def test_a_sleep_nobody_told_of_counts_as_one(make: Make, clock: Clock) -> None:
    lock = make(lock_after=60)
    heard = locks(lock)
    clock.seconds = 5
    lock.look()
    assert heard == []
    clock.seconds = 300
    lock.look()
    assert len(heard) == 1


@pytest.mark.parametrize(("own", "most", "minutes"), [(15, 5, 5), (2, 5, 2), (0, 5, 5)])
def test_an_administrator_sets_the_longest_time(
    make: Make, own: int, most: int, minutes: int
) -> None:
    lock = make(Policy(lock_after=most), lock_after=own, locks_with_screen=False)
    assert lock.minutes == minutes
    assert lock.follows_screen


def test_what_would_not_come_back_is_locked_by_an_administrator_only(make: Make) -> None:
    assert make(is_kept=False).minutes == 0
    assert not make(is_kept=False).follows_screen
    assert make(Policy(lock_after=5), is_kept=False).minutes == 5


def test_input_is_seen_in_every_window_that_gets_the_focus(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    may_pass = True
    seen = 0

    def note() -> bool:
        nonlocal seen
        seen += 1
        return may_pass

    watch = Input(application, note)
    fields = [QLineEdit(), QLineEdit()]
    for each in fields:
        qtbot.addWidget(each)
        with qtbot.waitActive(each):
            each.show()
            each.activateWindow()
        QTest.keyClick(each.windowHandle(), Qt.Key.Key_A)
    may_pass = False
    QTest.keyClick(fields[1].windowHandle(), Qt.Key.Key_B)
    assert seen == 3
    assert [each.text() for each in fields] == ["a", "a"]
    watch.deleteLater()


def test_words_of_an_input_method_are_input(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    seen = 0

    def note() -> bool:
        nonlocal seen
        seen += 1
        return True

    watch = Input(application, note)
    typed = QLineEdit()
    qtbot.addWidget(typed)
    with qtbot.waitActive(typed):
        typed.show()
        typed.activateWindow()
    typed.setFocus()
    composed = QInputMethodEvent()
    composed.setCommitString("你好")
    QApplication.sendEvent(typed, composed)
    assert typed.text() == "你好"
    assert seen == 1
    watch.deleteLater()


@pytest.fixture
def locked(
    qtbot: QtBot, profile: Profile, engine: ScriptedEngine, look: Look
) -> Iterator[Callable[[Secrets | None], Session]]:
    """Open a window that has locked itself."""
    sessions: list[Session] = []

    def begin(secrets: Secrets | None) -> Session:
        parts = WindowParts(
            profile, engine, lambda: secrets, Remote(profile), "not asked for", is_locked=True
        )
        session = Session(parts, look)
        sessions.append(session)
        qtbot.addWidget(session.window)
        session.start()
        qtbot.waitUntil(lambda: session.unlock.step is not Step.OPENING)
        return session

    yield begin
    for session in sessions:
        session.close()


def test_locked_it_asks_for_the_passphrase_and_leaves_the_keyring_alone(
    qtbot: QtBot, profile: Profile, locked: Callable[[Secrets | None], Session]
) -> None:
    secrets = MemorySecrets()
    Vault(profile.vault).create(secrets=secrets, passphrase=PASSPHRASE)
    session = locked(secrets)
    page = session.pages.enter
    assert session.unlock.step is Step.ENTER_PASSPHRASE
    assert page.title.text() == "Locked"
    assert session.window.windowTitle() == "Sottovoce"
    assert session.shell is None
    page.keyring.click()
    qtbot.waitUntil(lambda: session.shell is not None)


def test_a_keyring_alone_opens_at_a_click_and_says_what_that_is_worth(
    qtbot: QtBot, profile: Profile, locked: Callable[[Secrets | None], Session]
) -> None:
    secrets = MemorySecrets()
    Vault(profile.vault).create(secrets=secrets, passphrase=None)
    session = locked(secrets)
    assert session.unlock.step is Step.LOCKED
    assert "whoever sits here" in session.pages.locked.body.text()
    assert session.shell is None
    session.pages.locked.accept.click()
    qtbot.waitUntil(lambda: session.shell is not None)


def test_without_a_keyring_none_is_offered(
    profile: Profile, locked: Callable[[Secrets | None], Session]
) -> None:
    Vault(profile.vault).create(secrets=None, passphrase=PASSPHRASE)
    assert locked(None).pages.enter.keyring.isHidden()


def test_a_screen_that_locks_while_a_passphrase_is_tried_locks_the_window(
    qtbot: QtBot,
    profile: Profile,
    locked: Callable[[Secrets | None], Session],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(QApplication, "exit", codes.append)
    Vault(profile.vault).create(secrets=None, passphrase=PASSPHRASE)
    session = locked(None)
    session.note_rest()  # Nobody has typed anything yet.
    session.unlock.enter("not this one")
    session.note_rest()
    qtbot.waitUntil(lambda: session.unlock.step is Step.ENTER_PASSPHRASE)
    session.unlock.enter(PASSPHRASE)
    session.note_rest()
    assert codes == []
    qtbot.waitUntil(lambda: codes == [RESTART])
    assert session.shell is not None
    assert not session.shell.isVisible()


def test_a_screen_that_locks_after_a_recovery_key_forgets_the_key(
    qtbot: QtBot,
    profile: Profile,
    locked: Callable[[Secrets | None], Session],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(QApplication, "exit", codes.append)
    vault = Vault(profile.vault)
    written = new_recovery_key()
    vault.add_recovery_key(vault.create(secrets=None, passphrase=PASSPHRASE), written)
    session = locked(None)
    session.unlock.recover(written)
    qtbot.waitUntil(lambda: session.unlock.step is Step.CHOOSE_ANEW)
    session.note_rest()
    assert codes == [RESTART]


def test_locking_covers_the_window_and_ends_the_program_to_begin_it_anew(
    qtbot: QtBot,
    profile: Profile,
    engine: ScriptedEngine,
    look: Look,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(QApplication, "exit", codes.append)
    parts = WindowParts(profile, engine, lambda: None, Remote(profile), PASSPHRASE)
    session = Session(parts, look)
    qtbot.addWidget(session.window)
    session.start()
    qtbot.waitUntil(lambda: session.shell is not None)
    shell = session.shell
    assert shell is not None
    qtbot.waitUntil(lambda: shell.model.model is not None)
    ask(qtbot, shell, "Remember this")
    field(shell).setPlainText("and that")
    shell.actions_by_id["settings"].trigger()
    (dialog,) = shell.findChildren(SettingsDialog)
    dialog.system_prompt.setPlainText("Typed a moment ago")
    shell.lock.lock()
    assert not dialog.isVisible()
    assert not shell.isVisible()
    assert session.window.centralWidget() is not shell
    assert codes == [RESTART]
    conversation = shell.chat.conversation
    session.close()

    vault = Vault(profile.vault)
    with open_store(profile.database, vault.open_with_passphrase(PASSPHRASE)) as kept:
        assert conversation is not None
        assert kept.settings().open_chat == conversation.id
        assert kept.settings().system_prompt == "Typed a moment ago"
        assert kept.draft(conversation.id) == "and that"


@pytest.fixture
def card(shell: Shell) -> LockCard:
    shell.actions_by_id["settings"].trigger()
    (dialog,) = shell.findChildren(SettingsDialog)
    (found,) = dialog.findChildren(LockCard)
    return found


def test_the_card_sets_when_the_window_locks(shell: Shell, card: LockCard) -> None:
    assert card.after.currentText() == "15 minutes"
    card.after.setCurrentIndex(card.after.findText("1 hour"))
    assert shell.lock.minutes == 60
    card.after.setCurrentIndex(card.after.findText("Never"))
    assert shell.lock.minutes == 0
    assert shell.lock.follows_screen
    card.with_screen.click()
    assert not shell.lock.follows_screen


def test_the_card_offers_what_the_administrator_allows(
    qtbot: QtBot, make: Make, look: Look
) -> None:
    card = LockCard(make(Policy(lock_after=10)), look)
    qtbot.addWidget(card)
    offered = [card.after.itemText(each) for each in range(card.after.count())]
    assert offered == ["1 minute", "2 minutes", "5 minutes", "10 minutes"]
    assert not card.with_screen.isEnabled()
    assert card.with_screen.isChecked()


def test_the_lock_button_asks_once_before_a_temporary_chat_is_lost(
    qtbot: QtBot, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = locks(shell.lock)
    asked: list[QMessageBox] = []
    answers = ["Cancel", "Lock anyway"]

    def answer(box: QMessageBox) -> int:
        wanted = answers[len(asked)]
        asked.append(box)
        next(each for each in box.buttons() if each.text() == wanted).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    shell.actions_by_id["new_temporary"].trigger()
    ask(qtbot, shell, "A secret")
    qtbot.waitUntil(lambda: bool(shell.chats.temporary))
    shell.actions_by_id["lock"].trigger()
    assert heard == []
    shell.actions_by_id["lock"].trigger()
    assert len(heard) == 1
    assert shell.may_close()
    assert len(asked) == 2
