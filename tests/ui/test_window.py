"""The whole window, from its start to its end, on a real profile."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile, QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from fakes import MemorySecrets, ScriptedEngine
from sottovoce.domain.conversation import State
from sottovoce.domain.settings import Appearance, BackupPlan, Scheme
from sottovoce.models.remote import Remote
from sottovoce.store.backup import opened as open_backup
from sottovoce.store.store import open_store
from sottovoce.system.appearance import read_appearance, write_appearance
from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets
from sottovoce.system.vault import Vault
from sottovoce.ui.application import Session, WindowParts, tell_before_start
from sottovoce.ui.chat.welcome import Welcome
from sottovoce.ui.models.bundle_dialog import BundleDialog
from sottovoce.ui.models.page import Tab
from sottovoce.ui.shell import Shell
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import DARK, LIGHT
from sottovoce.ui.unlock.view_model import Step
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.flow import Flow
from ui.talking import ask, field, say, texts, titles

Start = Callable[..., Session]


@pytest.fixture
def start(qtbot: QtBot, profile: Profile, engine: ScriptedEngine, look: Look) -> Iterator[Start]:
    """Open windows on the same profile, one after the other."""
    sessions: list[Session] = []

    def begin(secrets: Secrets | None = None, passphrase: str | None = None) -> Session:
        session = Session(
            WindowParts(profile, engine, lambda: secrets, Remote(profile), passphrase),
            look,
        )
        sessions.append(session)
        qtbot.addWidget(session.window)
        session.start()
        return session

    yield begin
    for session in sessions:
        session.close()


def opened(qtbot: QtBot, session: Session) -> Shell:
    qtbot.waitUntil(lambda: session.shell is not None)
    assert session.shell is not None
    shell = session.shell
    qtbot.waitUntil(lambda: shell.model.model is not None)
    return shell


def finish(session: Session) -> None:
    session.window.close()
    session.close()


def test_with_a_keyring_the_first_start_leads_straight_to_a_chat(
    qtbot: QtBot, start: Start
) -> None:
    shell = opened(qtbot, start(MemorySecrets()))
    ask(qtbot, shell, "Hello")
    assert texts(shell) == ["Hello", "Yes."]


def test_a_chat_is_there_after_closing_and_opening_again(qtbot: QtBot, start: Start) -> None:
    secrets = MemorySecrets()
    first = start(secrets)
    ask(qtbot, opened(qtbot, first), "Remember this")
    finish(first)

    shell = opened(qtbot, start(secrets))
    qtbot.waitUntil(lambda: titles(shell) == ["Remember this"])


def test_a_backup_is_made_when_the_window_closes_if_one_is_due(
    qtbot: QtBot, start: Start, profile: Profile, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    Vault(profile.vault).create(secrets=None, passphrase="a passphrase")
    first = start(passphrase="a passphrase")
    shell = opened(qtbot, first)
    shell.settings.change(replace(shell.settings.settings, backups=BackupPlan(str(folder), days=1)))
    finish(first)
    (made,) = folder.iterdir()
    with open_backup(profile, made) as backup:
        backup.key("a passphrase")


def test_a_backup_that_could_not_be_made_is_told_at_the_next_start(
    qtbot: QtBot, start: Start, profile: Profile, tmp_path: Path
) -> None:
    Vault(profile.vault).create(secrets=None, passphrase="a passphrase")
    first = start(passphrase="a passphrase")
    shell = opened(qtbot, first)
    plan = BackupPlan(str(tmp_path / "gone"), days=1)
    shell.settings.change(replace(shell.settings.settings, backups=plan))
    finish(first)
    again = opened(qtbot, start(passphrase="a passphrase"))
    assert "folder for backups is not there" in again.notice.sentence


def test_without_a_keyring_a_passphrase_is_chosen_and_opens_the_chats_later(
    qtbot: QtBot, start: Start, profile: Profile
) -> None:
    first = start()
    qtbot.waitUntil(lambda: first.unlock.step is Step.CHOOSE_PASSPHRASE)
    page = first.pages.choose
    page.passphrase.first.setText("correct horse battery")
    assert not page.accept.isEnabled()
    page.passphrase.second.setText("correct horse batter")
    assert not page.accept.isEnabled()
    page.passphrase.second.setText("correct horse battery")
    qtbot.mouseClick(page.accept, Qt.MouseButton.LeftButton)
    ask(qtbot, opened(qtbot, first), "Remember this")
    finish(first)

    second = start()
    qtbot.waitUntil(lambda: second.unlock.step is Step.ENTER_PASSPHRASE)
    second.pages.enter.field.setText("something else")
    qtbot.keyClick(second.pages.enter.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: second.pages.enter.problem.text() == "The passphrase is not right.")
    second.pages.enter.field.setText("correct horse battery")
    qtbot.keyClick(second.pages.enter.field, Qt.Key.Key_Return)
    shell = opened(qtbot, second)
    qtbot.waitUntil(lambda: titles(shell) == ["Remember this"])


@pytest.mark.parametrize(
    "geometry",
    [
        "\N{SNOWMAN}",
        "AAAA",
        # Eight million pixels below the screen.
        "AdnQywADAAB/AAEAAQEBfwD/AAEAAAAA/wD/fwB/AAABAP8AAP8AAAB/f/8AAAAAAAAAAAAAAH8BAQAAAQD/AAAA",
    ],
)
def test_a_window_that_was_nowhere_opens_on_the_screen(
    start: Start, profile: Profile, geometry: str
) -> None:
    write_appearance(profile.appearance, Appearance(geometry=geometry))
    window = start().window
    assert window.screen().availableGeometry().contains(window.geometry().center())


def test_several_wrong_passphrases_slow_the_next_try(
    qtbot: QtBot, start: Start, profile: Profile
) -> None:
    Vault(profile.vault).create(secrets=None, passphrase="the right one")
    session = start()
    for _ in range(3):
        qtbot.waitUntil(
            lambda: session.unlock.step is Step.ENTER_PASSPHRASE and session.pages.enter.isEnabled()
        )
        session.pages.enter.field.setText("wrong")
        session.unlock.enter("wrong")
        qtbot.waitUntil(lambda: session.unlock.step is Step.ENTER_PASSPHRASE)
    assert session.unlock.seconds_to_wait > 0
    assert not session.pages.enter.accept.isEnabled()
    assert "Wait" in session.pages.enter.problem.text()


def test_a_passphrase_given_with_the_start_is_not_asked_for(qtbot: QtBot, start: Start) -> None:
    first = start(passphrase="given along")
    ask(qtbot, opened(qtbot, first), "Hello")
    finish(first)
    shell = opened(qtbot, start(passphrase="given along"))
    qtbot.waitUntil(lambda: titles(shell) == ["Hello"])


def test_the_tab_of_models_is_the_one_that_was_left(qtbot: QtBot, start: Start) -> None:
    first = start(passphrase="given along")
    shell = opened(qtbot, first)
    shell.actions_by_id["models"].trigger()
    assert shell.models is not None
    shell.models.show_tab(Tab.DOWNLOADS)
    finish(first)
    shell = opened(qtbot, start(passphrase="given along"))
    shell.actions_by_id["models"].trigger()
    assert shell.models is not None
    assert shell.models.tab is Tab.DOWNLOADS


def test_a_wrong_passphrase_given_with_the_start_leads_to_the_page(
    qtbot: QtBot, start: Start, profile: Profile
) -> None:
    Vault(profile.vault).create(secrets=None, passphrase="the right one")
    session = start(passphrase="wrong")
    qtbot.waitUntil(lambda: session.unlock.step is Step.ENTER_PASSPHRASE)
    assert session.unlock.sentence == "The passphrase is not right."


def test_a_keyring_that_lost_the_key_is_told_and_the_passphrase_still_opens(
    qtbot: QtBot, start: Start, profile: Profile
) -> None:
    Vault(profile.vault).create(secrets=MemorySecrets(), passphrase="the right one")
    session = start(MemorySecrets())
    qtbot.waitUntil(lambda: session.unlock.step is Step.ENTER_PASSPHRASE)
    assert "keyring" in session.unlock.sentence
    session.unlock.enter("the right one")
    opened(qtbot, session)


def test_without_saving_chats_work_are_marked_and_leave_nothing(
    qtbot: QtBot, start: Start, profile: Profile
) -> None:
    session = start()
    qtbot.waitUntil(lambda: session.unlock.step is Step.CHOOSE_PASSPHRASE)
    qtbot.mouseClick(session.pages.choose.temporary, Qt.MouseButton.LeftButton)
    shell = opened(qtbot, session)
    ask(qtbot, shell, "Forget this")
    assert "Not saved" in shell.status.words
    finish(session)
    assert not profile.database.exists()


def test_a_damaged_database_is_told_and_not_touched(
    qtbot: QtBot, start: Start, profile: Profile
) -> None:
    secrets = MemorySecrets()
    first = start(secrets)
    ask(qtbot, opened(qtbot, first), "Hello")
    finish(first)
    whole = profile.database.read_bytes()
    damaged = whole[:16] + b"\0" * 4096 + whole[4112:]
    profile.database.write_bytes(damaged)

    session = start(secrets)
    qtbot.waitUntil(lambda: session.unlock.step is Step.STUCK)
    assert "damaged" in session.pages.stuck.body.text()
    assert profile.database.read_bytes() == damaged


def test_chats_that_another_process_begins_in_the_same_moment_are_opened(
    qtbot: QtBot, start: Start, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Vault.create

    def come_second(vault: Vault, *, secrets: Secrets | None, passphrase: str | None) -> bytes:
        create(vault, secrets=secrets, passphrase=passphrase)
        return create(vault, secrets=secrets, passphrase=passphrase)

    monkeypatch.setattr(Vault, "create", come_second)
    opened(qtbot, start(passphrase="given along"))


def test_chats_without_a_vault_are_told_before_a_passphrase_is_chosen(
    qtbot: QtBot, start: Start, profile: Profile
) -> None:
    profile.database.write_bytes(b"chats under a key that is elsewhere")
    session = start()
    qtbot.waitUntil(lambda: session.unlock.step is Step.STUCK)
    assert "Restore it from a backup" in session.unlock.sentence


def test_chats_whose_vault_is_gone_are_not_given_another_key(
    qtbot: QtBot, start: Start, profile: Profile
) -> None:
    profile.database.write_bytes(b"chats under a key that is elsewhere")
    session = start(MemorySecrets())
    qtbot.waitUntil(lambda: session.unlock.step is Step.STUCK)
    assert not Vault(profile.vault).exists
    assert "Restore it from a backup" in session.unlock.sentence


def test_closing_while_a_reply_is_written_keeps_its_words(
    qtbot: QtBot, start: Start, profile: Profile, engine: ScriptedEngine
) -> None:
    secrets = MemorySecrets()
    engine.replies = ["one two three"]
    first = start(secrets)
    shell = opened(qtbot, first)
    with engine.held():
        say(qtbot, shell, "Count.")
        qtbot.waitUntil(lambda: shell.chat.growing is not None and bool(shell.chat.growing.text))
        field(shell).setPlainText("next thought")
        finish(first)

    with open_store(profile.database, Vault(profile.vault).open_with_keyring(secrets)) as store:
        (chat,) = store.conversations()
        reply = store.messages(chat.id)[-1]
        assert (reply.text, reply.state) == ("one two ", State.STOPPED)
        assert store.draft(chat.id) == "next thought"


def test_a_reply_cut_off_by_a_crash_is_on_screen_at_the_next_start(
    qtbot: QtBot, start: Start, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = MemorySecrets()
    key = Vault(profile.vault).create(secrets=secrets, passphrase=None)
    # The identity of a process that ended long ago.
    monkeypatch.setattr("sottovoce.store.store.own_identity", lambda: "1:1.00")
    with open_store(profile.database, key) as store:
        chat = store.new_conversation("Cut off")
        said = store.say(chat.id, "Count.", None)
        reply = store.begin_reply(chat.id, said.id, "a model")
        store.journal(reply.id, "one two ")
    monkeypatch.undo()

    shell = opened(qtbot, start(secrets))
    qtbot.waitUntil(lambda: texts(shell) == ["Count.", "one two "])
    assert shell.chat.messages[-1].state is State.INTERRUPTED
    shell.page.transcript.continue_asked.emit(reply.id)
    qtbot.waitUntil(lambda: texts(shell)[-1] == "one two Yes.")


def test_the_window_remembers_its_look(
    qtbot: QtBot, start: Start, profile: Profile, look: Look
) -> None:
    session = start(MemorySecrets())
    shell = opened(qtbot, session)
    look.choose(Scheme.DARK)
    assert look.tokens is DARK
    shell.actions_by_id["sidebar"].trigger()
    session.window.resize(900, 650)
    finish(session)

    kept = read_appearance(profile.appearance)
    assert kept.scheme is Scheme.DARK
    assert not kept.sidebar_shown
    assert kept.geometry


def test_the_look_changes_while_the_window_is_open(
    qtbot: QtBot, qapp: QApplication, shell: Shell, look: Look
) -> None:
    for scheme, tokens in ((Scheme.DARK, DARK), (Scheme.LIGHT, LIGHT)):
        look.choose(scheme)
        assert qapp.palette().window().color().name() == tokens.background
        drawn = shell.page.grab().toImage().pixelColor(2, 2).name()
        assert drawn == tokens.background


def test_nothing_of_the_welcome_is_squeezed_in_a_small_window(qtbot: QtBot, shell: Shell) -> None:
    welcome = shell.page.findChild(Welcome)
    assert welcome is not None
    shell.resize(700, 420)
    qtbot.waitUntil(lambda: welcome.verticalScrollBar().maximum() > 0)
    for part in welcome.findChildren(QAbstractButton):
        assert part.height() >= part.sizeHint().height()


def test_a_narrow_banner_has_its_button_under_its_words(qtbot: QtBot, look: Look) -> None:
    banner = Banner(look)
    qtbot.addWidget(banner)
    banner.tell("A sentence that is long enough to need several lines. " * 3, says="Mend it")
    banner.resize(900, 60)
    qtbot.waitUntil(lambda: banner.button.x() > 450)
    banner.resize(400, 160)
    qtbot.waitUntil(lambda: banner.button.x() < 100 and banner.button.y() > 40)


def test_parts_that_stand_in_a_row_have_one_middle(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    flow = Flow(box, spacing=10)
    high, low, next_row = (QWidget() for _ in range(3))
    for part, height in ((high, 31), (low, 20), (next_row, 20)):
        part.setFixedSize(40, height)
        flow.addWidget(part)
    box.resize(100, 100)
    box.show()
    assert (high.y(), low.y(), next_row.y()) == (0, 5, 41)
    assert (low.x(), next_row.x()) == (50, 0)
    assert flow.heightForWidth(100) == 61


def test_a_long_toast_takes_more_lines_and_stays_inside(qtbot: QtBot, shell: Shell) -> None:
    shell.toast.tell("One word")
    low = shell.toast.height()
    shell.toast.tell("a-very_long-name-of-a-model " * 12)
    assert shell.toast.height() > low
    assert shell.page.rect().contains(shell.toast.geometry())


def test_a_passphrase_can_be_looked_at_in_any_look(qtbot: QtBot, start: Start, look: Look) -> None:
    session = start()
    qtbot.waitUntil(lambda: session.unlock.step is Step.CHOOSE_PASSPHRASE)
    field = session.pages.choose.passphrase.first
    [eye] = field.actions()
    eye.trigger()
    assert field.echoMode() is QLineEdit.EchoMode.Normal
    look.choose(Scheme.DARK)
    image = eye.icon().pixmap(16).toImage()
    colours = [image.pixelColor(x, y) for x in range(16) for y in range(16)]
    assert DARK.muted in [colour.name() for colour in colours if colour.alpha() == 255]
    look.choose(Scheme.LIGHT)
    eye.trigger()
    assert field.echoMode() is QLineEdit.EchoMode.Password


def test_an_unexpected_error_is_logged_without_words_and_told_once(
    qtbot: QtBot, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    session = start(MemorySecrets())
    shell = opened(qtbot, session)
    error = ValueError("the user's secret words")
    session.tell_bug(ValueError, error, None)

    assert "Something went wrong" in shell.notice.sentence
    assert "ValueError" in caplog.text
    assert "secret words" not in caplog.text
    shell.notice.hide()
    session.tell_bug(ValueError, error, None)
    assert shell.notice.isHidden()


def test_a_window_that_cannot_be_built_says_so(
    qtbot: QtBot, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Shell, "_lay_out", lambda *_: 1 / 0)
        session = start(MemorySecrets())
        broken.setattr(sys, "excepthook", session.tell_bug)
        qtbot.waitUntil(lambda: session.unlock.step is Step.STUCK)
    assert session.pages.stuck.isVisible()
    assert "Something went wrong" in session.pages.stuck.body.text()
    session.pages.stuck.retry.click()
    opened(qtbot, session)


def test_the_starter_is_not_spoken_of_where_others_can_be_chosen(
    qtbot: QtBot, shell: Shell
) -> None:
    qtbot.waitUntil(shell.notice.isVisible)
    shell.notice.button.click()
    qtbot.waitUntil(shell.notice.isHidden)
    assert shell.models is not None
    shell.model.changed.emit()
    assert shell.notice.isHidden()
    qtbot.keyClick(shell.models, Qt.Key.Key_Escape)
    assert shell.notice.isVisible()


def test_work_that_ends_after_its_screen_closed_speaks_to_nobody(
    qtbot: QtBot, start: Start, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three"]
    session = start(MemorySecrets())
    shell = opened(qtbot, session)
    heard: list[object] = []
    with engine.held():
        say(qtbot, shell, "Count.")
        qtbot.waitUntil(lambda: shell.chat.growing is not None)
        shell.replies.told.connect(lambda _, news: heard.append(news))
        finish(session)
    QApplication.processEvents()
    assert heard == []


def test_a_second_window_on_the_same_chats_is_told_so(qtbot: QtBot, profile: Profile) -> None:
    first, second = QLockFile(str(profile.lock)), QLockFile(str(profile.lock))
    assert first.tryLock(0)
    assert not second.tryLock(0)
    box = tell_before_start("Sottovoce is already open.")
    qtbot.addWidget(box)
    assert "already open" in box.text()
    assert box.textFormat() is Qt.TextFormat.PlainText
    first.unlock()


def test_whatever_takes_the_focus_has_a_name(qtbot: QtBot, shell: Shell) -> None:
    nameless = [
        widget
        for widget in shell.findChildren(QWidget)
        if widget.isVisible()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.objectName().startswith("qt_")
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton) and widget.text().strip())
    ]
    assert nameless == []


def test_tab_goes_through_the_sidebar_from_top_to_bottom(qtbot: QtBot, shell: Shell) -> None:
    hide = shell.sidebar.findChild(QToolButton)
    assert isinstance(hide, QToolButton)
    hide.setFocus()
    visited = []
    for _ in range(4):
        shell.focusNextChild()
        focused = QApplication.focusWidget()
        visited.append(focused.mapTo(shell, QPoint()).y() if focused else -1)
    assert visited == sorted(visited)


def test_undo_brings_a_deleted_chat_back_from_an_empty_field(qtbot: QtBot, shell: Shell) -> None:
    ask(qtbot, shell, "Keep me")
    qtbot.waitUntil(lambda: titles(shell) == ["Keep me"])
    shell.actions_by_id["delete"].trigger()
    field(shell).setFocus()
    qtbot.keyClick(field(shell), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: titles(shell) == ["Keep me"])


def test_the_status_bar_says_how_the_network_is(qtbot: QtBot, shell: Shell) -> None:
    assert "Offline" in shell.status.words
    assert "Nothing leaves this computer" in shell.status.words
    qtbot.waitUntil(lambda: "RAM" in shell.status.words)


def test_what_only_answers_need_is_loaded_after_the_window() -> None:
    program = (
        "import sys, sottovoce.ui.shell;"
        "late = {'sottovoce.chat.answer', 'sottovoce.library.cite', 'sottovoce.library.claims'};"
        "sys.exit(', '.join(late & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_files_that_the_system_hands_over_are_heard_of(tmp_path: Path) -> None:
    # In a process of its own: there can be only one application in each.
    script = (
        "import sys\n"
        "from PySide6.QtCore import QUrl\n"
        "from PySide6.QtGui import QFileOpenEvent\n"
        "from sottovoce.ui.application import Application\n"
        "application = Application([])\n"
        "application.file_asked.connect(print)\n"
        "event = QFileOpenEvent(QUrl.fromLocalFile(sys.argv[1]))\n"
        "application.sendEvent(application, event)\n"
    )
    model = tmp_path / "a model.gguf"
    heard = subprocess.run([sys.executable, "-c", script, model], capture_output=True, text=True)
    assert heard.stdout.strip() == str(model)


def test_a_file_handed_over_is_opened_as_soon_as_there_are_chats(
    qtbot: QtBot, start: Start, tmp_path: Path
) -> None:
    bundle = tmp_path / "models.sottovoce-bundle"
    bundle.write_bytes(b"no bundle")
    session = start(MemorySecrets())
    session.open_file(bundle)
    shell = opened(qtbot, session)
    qtbot.waitUntil(lambda: bool(shell.findChildren(BundleDialog)))
    qtbot.waitUntil(lambda: "no bundle" in shell.findChildren(BundleDialog)[0].trouble)
