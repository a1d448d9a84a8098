import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sottovoce.ui.commands.fuzzy import fit
from sottovoce.ui.commands.palette import CommandPalette
from sottovoce.ui.link_dialog import LinkDialog
from sottovoce.ui.shell import Shell
from sottovoce.ui.shortcuts_dialog import ShortcutsDialog
from sottovoce.ui.widgets.parts import label
from ui.talking import ask, texts, titles


def palette(shell: Shell) -> CommandPalette:
    shell.actions_by_id["commands"].trigger()
    (found,) = shell.findChildren(CommandPalette)
    return found


def listed(found: CommandPalette) -> list[str]:
    model = found.list.model()
    return [model.index(i, 0).data() for i in range(model.rowCount())]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("nc", "New chat"),
        ("new chat", "New chat"),
        ("exmark", "Export as Markdown…"),
        ("Ä", "ärger"),
    ],
)
def test_letters_in_order_fit_a_name(typed: str, name: str) -> None:
    assert fit(typed, name) is not None


def test_letters_that_are_not_there_do_not_fit() -> None:
    assert fit("zq", "New chat") is None


def test_the_beginnings_of_words_fit_better_than_letters_inside() -> None:
    inside, beginnings = fit("nc", "Enchanted"), fit("nc", "New chat")
    assert inside is not None
    assert beginnings is not None
    assert beginnings > inside


def test_the_palette_runs_the_command_that_fits(qtbot: QtBot, shell: Shell) -> None:
    found = palette(shell)
    qtbot.keyClicks(found.field, "sidebar")
    assert listed(found)[0] == "Show or hide the sidebar"
    qtbot.keyClick(found.field, Qt.Key.Key_Return)
    assert shell.sidebar.isHidden()


def test_the_palette_opens_a_chat_by_its_title(qtbot: QtBot, shell: Shell) -> None:
    ask(qtbot, shell, "Sourdough bread")
    qtbot.waitUntil(lambda: titles(shell) == ["Sourdough bread"])
    shell.chat.start_new()

    found = palette(shell)
    qtbot.keyClicks(found.field, "sourdough")
    qtbot.keyClick(found.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: texts(shell) == ["Sourdough bread", "Yes."])


def test_the_arrow_keys_choose_in_the_palette(qtbot: QtBot, shell: Shell) -> None:
    found = palette(shell)
    qtbot.keyClick(found.field, Qt.Key.Key_Down)
    assert found.list.currentIndex().row() == 1


def test_every_action_has_its_own_name_and_shortcut(shell: Shell) -> None:
    actions = list(shell.actions_by_id.values())
    assert len({action.text() for action in actions}) == len(actions)
    shortcuts = [s.toString() for action in actions for s in action.shortcuts()]
    assert len(set(shortcuts)) == len(shortcuts)


def test_the_list_of_shortcuts_names_them_all(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["shortcuts"].trigger()
    (dialog,) = shell.findChildren(ShortcutsDialog)
    shown = {each.text() for each in dialog.findChildren(type(label()))}
    for action in shell.actions_by_id.values():
        if action.shortcuts():
            assert action.text() in shown


def test_the_last_reply_is_copied(qtbot: QtBot, shell: Shell) -> None:
    ask(qtbot, shell, "Hello")
    shell.actions_by_id["copy"].trigger()
    assert QGuiApplication.clipboard().text() == "Yes."


def test_a_link_shows_where_it_leads_and_is_opened_by_a_click_alone(
    qtbot: QtBot, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "sottovoce.ui.link_dialog.QDesktopServices.openUrl",
        lambda url: opened.append(url.toString()),
    )
    shell.page.transcript.link_asked.emit("https://example.org/?a=<b>1</b>")
    (dialog,) = shell.findChildren(LinkDialog)
    words = [each for each in dialog.findChildren(type(label())) if "example.org" in each.text()]
    assert words[0].textFormat() is Qt.TextFormat.PlainText
    assert opened == []
    qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    assert len(opened) == 1


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "javascript:alert(1)", "smb://host/share"]
)
def test_a_link_into_this_computer_cannot_be_opened(
    qtbot: QtBot, shell: Shell, target: str
) -> None:
    dialog = LinkDialog(target, shell)
    dialog.show()
    assert dialog.open_button.isHidden()
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == target


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("https://xn--pypal-4ve.com/login", "take it for a trick"),
        ("https://p\u0430ypal.com/login", "take it for a trick"),
        ("https://münchen.de", "only look like those you know"),
        ("https://bank.example@evil.example/", "the site is evil.example"),
        ("https://example.org/\u202egro", "cannot be seen"),
        ("http://example.org", "read on the way"),
    ],
)
def test_what_is_odd_about_a_link_is_said(
    qtbot: QtBot, shell: Shell, target: str, sentence: str
) -> None:
    dialog = LinkDialog(target, shell)
    dialog.show()
    assert dialog.doubts.isVisible()
    assert sentence in dialog.doubts.text()


@pytest.mark.parametrize("target", ["https://example.org/a?b=c", "mailto:ada@example.org"])
def test_nothing_is_said_of_a_plain_link(qtbot: QtBot, shell: Shell, target: str) -> None:
    dialog = LinkDialog(target, shell)
    dialog.show()
    assert not dialog.doubts.isVisible()
    assert dialog.open_button.isVisible()


def test_a_long_address_is_shown_to_its_end_and_leaves_the_buttons_on_the_screen(
    qtbot: QtBot, shell: Shell
) -> None:
    target = f"https://example.org/{'a' * 100_000}.evil"
    dialog = LinkDialog(target, shell)
    dialog.show()
    assert dialog.shown.toPlainText() == target
    assert dialog.shown.horizontalScrollBar().maximum() == 0
    assert dialog.height() < 400


def test_a_link_to_a_mailbox_is_called_one(qtbot: QtBot, shell: Shell) -> None:
    dialog = LinkDialog("mailto:ada@example.org", shell)
    words = [part.text() for part in dialog.findChildren(QLabel)]
    assert "This link begins an e-mail" in words


def test_the_keyboard_shortcuts_fit_a_small_window(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["shortcuts"].trigger()
    (dialog,) = shell.findChildren(ShortcutsDialog)
    assert dialog.sizeHint().width() < 1000
    assert dialog.sizeHint().height() < 500
