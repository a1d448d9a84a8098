"""The ways to the chats when the usual one is closed."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from fakes import MemorySecrets
from sottovoce.domain.problems import Refused
from sottovoce.store.store import open_store
from sottovoce.system.paths import Profile
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.secrets import Secrets
from sottovoce.system.slots import Cost, Protection
from sottovoce.system.tries import Tries
from sottovoce.system.vault import Vault
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.pages import UnlockPages
from sottovoce.ui.unlock.passphrase import passphrase_field
from sottovoce.ui.unlock.view_model import Opened, Step, UnlockViewModel

Start = Callable[..., UnlockPages]
PASSPHRASE = "seven quiet words"


@pytest.fixture
def vault(profile: Profile) -> Vault:
    return Vault(profile.vault, Cost(memory=8 * 1024, passes=1, lanes=1))


@pytest.fixture
def opened() -> Iterator[list[Opened]]:
    chats: list[Opened] = []
    yield chats
    for each in chats:
        each.library.close()
        each.store.close()


@pytest.fixture
def start(
    qapp: QApplication,
    qtbot: QtBot,
    profile: Profile,
    tasks: Tasks,
    look: Look,
    opened: list[Opened],
) -> Start:
    """Begins anew, as the program does, and gives what is on screen."""

    def begin(secrets: Secrets | None = None, *, is_locked: bool = False) -> UnlockPages:
        unlock = UnlockViewModel(
            profile, tasks, secrets=lambda: secrets, passphrase=None, is_locked=is_locked
        )
        unlock.opened.connect(opened.append)
        pages = UnlockPages(unlock, look, 0)
        qtbot.addWidget(pages)
        pages.show()
        unlock.start()
        return pages

    return begin


def shows(qtbot: QtBot, pages: UnlockPages, step: Step) -> None:
    page = pages.page(step)
    qtbot.waitUntil(lambda: pages.currentWidget() is page and page.isEnabled())


def test_in_a_low_window_nothing_is_squeezed(qtbot: QtBot, start: Start) -> None:
    pages = start()
    shows(qtbot, pages, Step.CHOOSE_PASSPHRASE)
    pages.resize(560, 300)
    field = pages.choose.passphrase.first
    qtbot.waitUntil(lambda: field.height() >= field.sizeHint().height())


def test_all_of_a_recovery_key_is_seen(qtbot: QtBot, start: Start) -> None:
    pages = start()
    field = pages.recovery.field
    width = field.fontMetrics().horizontalAdvance(new_recovery_key())
    assert width < 410, "The column is 440 wide, the field's frame and padding included."


def test_a_recovery_key_opens_the_chats_and_a_new_passphrase_is_chosen(
    qtbot: QtBot, start: Start, vault: Vault, opened: list[Opened]
) -> None:
    key = vault.create(secrets=None, passphrase="forgotten words")
    recovery_key = new_recovery_key()
    vault.add_recovery_key(key, recovery_key)
    pages = start()
    shows(qtbot, pages, Step.ENTER_PASSPHRASE)
    assert pages.enter.recovery.isVisible()
    qtbot.mouseClick(pages.enter.recovery, Qt.MouseButton.LeftButton)
    shows(qtbot, pages, Step.ENTER_RECOVERY_KEY)

    mistyped = recovery_key[:-1] + ("X" if recovery_key[-1] != "X" else "Y")
    pages.recovery.field.setText(mistyped)
    qtbot.keyClick(pages.recovery.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "eighth group" in pages.recovery.problem.text())
    pages.recovery.field.setText(recovery_key.lower())
    qtbot.keyClick(pages.recovery.field, Qt.Key.Key_Return)
    shows(qtbot, pages, Step.CHOOSE_ANEW)
    assert not pages.anew.keyring.isVisible()
    pages.anew.passphrase.first.setText(PASSPHRASE)
    pages.anew.passphrase.second.setText(PASSPHRASE)
    qtbot.keyClick(pages.anew.passphrase.second, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: bool(opened))
    assert opened[0].key == key
    assert vault.open_with_passphrase(PASSPHRASE) == key
    with pytest.raises(Refused):
        vault.open_with_passphrase("forgotten words")


def test_where_the_keyring_lost_the_key_the_recovery_key_brings_it_back(
    qtbot: QtBot, start: Start, vault: Vault, opened: list[Opened]
) -> None:
    key = vault.create(secrets=MemorySecrets(), passphrase=None)
    recovery_key = new_recovery_key()
    vault.add_recovery_key(key, recovery_key)
    drawer = MemorySecrets()
    pages = start(drawer)
    shows(qtbot, pages, Step.STUCK)
    assert "Use the recovery key" in pages.stuck.body.text()
    qtbot.mouseClick(pages.stuck.recovery, Qt.MouseButton.LeftButton)
    shows(qtbot, pages, Step.ENTER_RECOVERY_KEY)
    pages.recovery.field.setText(recovery_key)
    qtbot.mouseClick(pages.recovery.accept, Qt.MouseButton.LeftButton)
    shows(qtbot, pages, Step.CHOOSE_ANEW)
    qtbot.mouseClick(pages.anew.keyring, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(opened))
    assert vault.open_with_keyring(drawer) == key


def test_without_a_recovery_key_none_is_offered(qtbot: QtBot, start: Start, vault: Vault) -> None:
    vault.create(secrets=MemorySecrets(), passphrase=None)
    pages = start(MemorySecrets())
    shows(qtbot, pages, Step.STUCK)
    assert not pages.stuck.recovery.isVisible()


def test_a_pause_is_there_when_the_window_opens_again(
    qtbot: QtBot, start: Start, profile: Profile, vault: Vault
) -> None:
    vault.create(secrets=None, passphrase=PASSPHRASE)
    for _ in range(8):
        Tries(profile.vault / "tries.json").note_wrong()
    for _ in range(2):
        pages = start()
        shows(qtbot, pages, Step.ENTER_PASSPHRASE)
        assert not pages.enter.accept.isEnabled()
        assert "before the next try" in pages.enter.problem.text()


@pytest.mark.parametrize("protection", [Protection.PASSPHRASE, Protection.KEYRING])
def test_a_wish_for_another_key_is_fulfilled_before_the_chats_open(
    qtbot: QtBot,
    start: Start,
    profile: Profile,
    vault: Vault,
    opened: list[Opened],
    protection: Protection,
) -> None:
    has_keyring = protection is Protection.KEYRING
    drawer = MemorySecrets() if has_keyring else None
    key = vault.create(secrets=drawer, passphrase=None if has_keyring else PASSPHRASE)
    with open_store(profile.database, key) as store:
        store.say(store.new_conversation().id, "Remember this", None)
    profile.key_wish.touch()

    pages = start(drawer, is_locked=True)
    if has_keyring:
        shows(qtbot, pages, Step.LOCKED)
        qtbot.mouseClick(pages.locked.accept, Qt.MouseButton.LeftButton)
    else:
        shows(qtbot, pages, Step.ENTER_PASSPHRASE)
        pages.enter.field.setText(PASSPHRASE)
        qtbot.keyClick(pages.enter.field, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: bool(opened))
    assert opened[0].key != key
    assert opened[0].note == "The key was changed."
    assert [chat.title for chat in opened[0].store.conversations()]
    assert not profile.key_wish.exists()


def test_a_key_that_cannot_be_changed_is_left_as_it_is_and_the_chats_open(
    qtbot: QtBot,
    start: Start,
    profile: Profile,
    vault: Vault,
    opened: list[Opened],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawer = MemorySecrets()
    key = vault.create(secrets=drawer, passphrase=None)
    open_store(profile.database, key).close()
    profile.key_wish.touch()
    monkeypatch.setattr("sottovoce.store.rekey._SPARE", 2**60)
    start(drawer)
    qtbot.waitUntil(lambda: bool(opened))
    assert opened[0].key == key
    assert "The key was not changed. This takes" in opened[0].note


def test_what_is_typed_is_shown_by_keys_too(qtbot: QtBot, look: Look) -> None:
    field = passphrase_field("Passphrase", look)
    qtbot.addWidget(field)
    with qtbot.waitActive(field):
        field.show()
        field.activateWindow()
    field.setFocus()
    qtbot.keyClicks(field, "seven quiet words")
    assert field.echoMode() is QLineEdit.EchoMode.Password
    QTest.keySequence(field, QKeySequence("Ctrl+Shift+E"))
    assert field.echoMode() is QLineEdit.EchoMode.Normal
    QTest.keySequence(field, QKeySequence("Ctrl+Shift+E"))
    assert field.echoMode() is QLineEdit.EchoMode.Password
    assert field.text() == "seven quiet words"
