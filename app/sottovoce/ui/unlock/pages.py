"""What is on screen before the chats are open."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.policy import PASSPHRASE_WANTED
from sottovoce.ui.theme.fonts import code_font
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.passphrase import NewPassphrase, passphrase_field
from sottovoce.ui.unlock.view_model import Step, UnlockViewModel
from sottovoce.ui.widgets.parts import button, label, picture

_WIDTH = 440


class UnlockPages(QStackedWidget):
    """One page for each step."""

    def __init__(self, unlock: UnlockViewModel, look: Look, sidebar_width: int) -> None:
        super().__init__()
        self._unlock = unlock
        self.choose = ChoosePage(unlock, look)
        self.enter = EnterPage(unlock, look)
        self.recovery = RecoveryPage(unlock, look)
        self.anew = ChooseAnewPage(unlock, look)
        self.changing = ChangingPage(unlock, look)
        self.locked = LockedPage(unlock, look)
        self.stuck = StuckPage(unlock, look)
        self._pages: dict[Step, QWidget] = {
            Step.OPENING: Outline(look, sidebar_width),
            Step.CHOOSE_PASSPHRASE: self.choose,
            Step.ENTER_PASSPHRASE: self.enter,
            Step.ENTER_RECOVERY_KEY: self.recovery,
            Step.CHOOSE_ANEW: self.anew,
            Step.CHANGING_KEY: self.changing,
            Step.LOCKED: self.locked,
            Step.STUCK: self.stuck,
        }
        for page in self._pages.values():
            self.addWidget(page)
        unlock.changed.connect(self._show)

    def page(self, step: Step) -> QWidget:
        """What is shown at this step."""
        return self._pages[step]

    def _show(self) -> None:
        step = self._unlock.step
        current = self.currentWidget()
        if step is Step.OPENING and current is not None and current is not self._pages[step]:
            current.setEnabled(False)  # A passphrase is being tried: stay here.
            return
        page = self._pages[step]
        page.setEnabled(True)
        self.setCurrentWidget(page)
        if isinstance(page, _Page):
            page.show_step()


class Outline(QWidget):
    """The window's outline, so that nothing jumps when the chats appear in it."""

    def __init__(self, look: Look, sidebar_width: int) -> None:
        super().__init__()
        self._look = look
        self._sidebar_width = sidebar_width

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._look.tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.background))
        painter.fillRect(0, 0, self._sidebar_width, self.height(), QColor(tokens.sidebar))
        painter.fillRect(self._sidebar_width, 0, 1, self.height(), QColor(tokens.line))
        painter.end()


class _Page(QWidget):
    """A narrow column in the middle: picture, title, words, then what the page is for."""

    def __init__(self, look: Look, name: str, title: str, body: str) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QWidget()
        column.setFixedWidth(_WIDTH)
        self.column = QVBoxLayout(column)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(10)
        self.column.addWidget(picture(look, name, 36))
        self.column.addSpacing(4)
        self.title = label(title, "title", wraps=True)
        self.column.addWidget(self.title)
        self.body = label(body, "body", wraps=True)
        self.column.addWidget(self.body)
        self.column.addSpacing(8)
        self.problem = label("", "danger", wraps=True)
        # Stretches, not an alignment: an aligned widget is not asked how high its words make it.
        inner = QWidget()
        inner.setObjectName("scrolled")
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(column)
        row.addStretch()
        rows = QVBoxLayout(inner)
        rows.addStretch(2)
        rows.addLayout(row)
        rows.addStretch(3)
        scroll = QScrollArea()  # For low windows.
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def show_step(self) -> None:
        """Be as the view-model is now."""

    def add_buttons(self, *buttons: QPushButton) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        for each in buttons:
            row.addWidget(each)
        row.addStretch()
        self.column.addSpacing(6)
        self.column.addLayout(row)


class ChoosePage(_Page):
    """First start on a computer without a keyring."""

    def __init__(self, unlock: UnlockViewModel, look: Look) -> None:
        super().__init__(
            look,
            "lock",
            "Choose a passphrase",
            "Your chats are kept encrypted on this computer. "
            + (
                f"{PASSPHRASE_WANTED} "
                if unlock.needs_passphrase
                else "It has no keyring that could hold the key, so a passphrase protects them. "
            )
            + "If you forget it, only a recovery key opens them, which you can make in the "
            "settings under Privacy.",
        )
        self._unlock = unlock
        self.passphrase = NewPassphrase(look)
        self.accept = button("Protect my chats", self._create, "accent")
        self.temporary = button("Use without saving", unlock.go_on_without_saving)
        self.temporary.setVisible(unlock.may_be_temporary)
        self.temporary.setToolTip("Chats live in memory and are gone when the window closes.")
        self.column.addWidget(self.passphrase)
        self.column.addWidget(self.problem)
        self.add_buttons(self.accept, self.temporary)
        self.restore = _restore_button(unlock)
        self.add_buttons(self.restore)
        self.passphrase.changed.connect(self.accept.setEnabled)
        self.passphrase.entered.connect(self._create)
        self.accept.setEnabled(False)

    def show_step(self) -> None:
        self.problem.setText(self._unlock.sentence)
        self.passphrase.first.setFocus()

    def _create(self) -> None:
        self._unlock.create(self.passphrase.text)


class ChooseAnewPage(_Page):
    """After a recovery key: it lies in a safe, and is not typed every day."""

    def __init__(self, unlock: UnlockViewModel, look: Look) -> None:
        super().__init__(
            look,
            "lock",
            "Choose a new passphrase",
            f"{PASSPHRASE_WANTED} It opens them from now on."
            if unlock.needs_passphrase
            else "The recovery key is right, and stays valid. A new passphrase opens your chats "
            "from now on, in place of the one before.",
        )
        self._unlock = unlock
        self.passphrase = NewPassphrase(look)
        self.accept = button("Open my chats", self._choose, "accent")
        self.keyring = button("Use the keyring", lambda: unlock.choose_anew(None))
        self.keyring.setToolTip("This computer’s keyring opens your chats from now on.")
        self.column.addWidget(self.passphrase)
        self.column.addWidget(self.problem)
        self.add_buttons(self.accept, self.keyring)
        self.passphrase.changed.connect(self.accept.setEnabled)
        self.passphrase.entered.connect(self._choose)
        self.accept.setEnabled(False)

    def show_step(self) -> None:
        self.keyring.setVisible(self._unlock.has_keyring)
        self.problem.setText(self._unlock.sentence)
        self.passphrase.first.setFocus()

    def _choose(self) -> None:
        self._unlock.choose_anew(self.passphrase.text)


class RecoveryPage(_Page):
    """What was written down is typed in."""

    def __init__(self, unlock: UnlockViewModel, look: Look) -> None:
        super().__init__(
            look,
            "key-round",
            "Use the recovery key",
            "Type the eight groups you wrote down or printed. Capitals, spaces and dashes make no "
            "difference.",
        )
        self._unlock = unlock
        self.accept = button("Go on", self._recover, "accent")
        self.accept.setEnabled(False)
        self.field = QLineEdit()
        self.field.setFont(code_font(14))
        self.field.setAccessibleName("Recovery key")
        self.field.setPlaceholderText("XXXXX-XXXXX-XXXXX-XXXXX-…")
        self.field.returnPressed.connect(self._recover)
        self.field.textChanged.connect(lambda text: self.accept.setEnabled(bool(text.strip())))
        self.column.addWidget(self.field)
        self.column.addWidget(self.problem)
        self.add_buttons(self.accept, button("Back", unlock.start))

    def show_step(self) -> None:
        self.problem.setText(self._unlock.sentence)
        self.field.setFocus()

    def _recover(self) -> None:
        if self.accept.isEnabled():
            self._unlock.recover(self.field.text())


class ChangingPage(_Page):
    """The key is being changed."""

    def __init__(self, unlock: UnlockViewModel, look: Look) -> None:
        super().__init__(
            look,
            "key-round",
            "Changing the key",
            "Everything is encrypted anew, checked, and put in the place of what is there. Should "
            "the computer stop meanwhile, nothing is lost.",
        )
        self._unlock = unlock
        self.bar = QProgressBar()
        self.bar.setAccessibleName("How much is encrypted anew")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.column.addWidget(self.bar)
        self.stop = button("Leave it as it is", unlock.stop_renewing)
        self.add_buttons(self.stop)

    def show_step(self) -> None:
        self.bar.setValue(round(1000 * self._unlock.progress))


class EnterPage(_Page):
    """Every later start, where a passphrase protects the chats."""

    def __init__(self, unlock: UnlockViewModel, look: Look) -> None:
        super().__init__(
            look, "lock", "Enter your passphrase", "It unlocks the chats kept on this computer."
        )
        self._unlock = unlock
        self.field = passphrase_field("Passphrase", look)
        self.field.returnPressed.connect(self._enter)
        self.accept = button("Unlock", self._enter, "accent")
        self.temporary = button("Use without saving", unlock.go_on_without_saving)
        self.temporary.setVisible(unlock.may_be_temporary)
        self.temporary.setToolTip(
            "A temporary chat, gone when the window closes. Your kept chats stay as they are."
        )
        self.keyring = button("Use the keyring", unlock.open_without_asking)
        self.keyring.setToolTip("Unlock with the key that this computer’s keyring holds.")
        self.column.addWidget(self.field)
        self.column.addWidget(self.problem)
        self.add_buttons(self.accept, self.keyring, self.temporary)
        self.recovery = _recovery_button(unlock)
        self.add_buttons(self.recovery)
        self._countdown = QTimer(self)
        self._countdown.setInterval(200)
        self._countdown.timeout.connect(self._note_wait)

    def show_step(self) -> None:
        if self._unlock.is_locked:
            self.title.setText("Locked")
            self.body.setText("Enter your passphrase to go on where you were.")
        self.keyring.setVisible(self._unlock.has_keyring)
        self.recovery.setVisible(self._unlock.has_recovery_key)
        self._note_wait()
        self._countdown.start()
        self.field.setFocus()
        self.field.selectAll()

    def _note_wait(self) -> None:
        seconds = self._unlock.seconds_to_wait
        self.accept.setEnabled(seconds == 0)
        says = self._unlock.sentence
        if seconds:
            says = f"{says} Wait {seconds + 0.5:.0f} s before the next try.".lstrip()
        self.problem.setText(says)
        if not seconds:
            self._countdown.stop()

    def _enter(self) -> None:
        if self.field.text() and self.accept.isEnabled():
            self._unlock.enter(self.field.text())


class LockedPage(_Page):
    """The window has locked itself, and nothing but the keyring protects the chats."""

    def __init__(self, unlock: UnlockViewModel, look: Look) -> None:
        super().__init__(
            look,
            "lock",
            "Locked",
            "Unlock to go on where you were. Only this computer’s keyring protects your chats: as "
            "long as you are logged in, whoever sits here can unlock them, too. With a passphrase, "
            "which you can set in the settings under Privacy, they could not.",
        )
        self.accept = button("Unlock", unlock.open_without_asking, "accent")
        self.add_buttons(self.accept)

    def show_step(self) -> None:
        self.accept.setFocus()


class StuckPage(_Page):
    """The chats cannot be opened, and why."""

    def __init__(self, unlock: UnlockViewModel, look: Look) -> None:
        super().__init__(look, "triangle-alert", "Your chats could not be opened", "")
        self._unlock = unlock
        self.retry = button("Try again", unlock.start, "accent")
        self.temporary = button("Use without saving", unlock.go_on_without_saving)
        self.temporary.setVisible(unlock.may_be_temporary)
        self.temporary.setToolTip("A temporary chat. The files of your kept chats are not touched.")
        self.restore = _restore_button(unlock)
        self.recovery = _recovery_button(unlock)
        self.add_buttons(self.retry, self.temporary)
        self.add_buttons(self.recovery, self.restore)

    def show_step(self) -> None:
        self.recovery.setVisible(self._unlock.has_recovery_key)
        self.body.setText(self._unlock.sentence)
        self.retry.setFocus()


def _restore_button(unlock: UnlockViewModel) -> QPushButton:
    return button("Restore a backup…", unlock.restore_asked.emit)


def _recovery_button(unlock: UnlockViewModel) -> QPushButton:
    return button("Use the recovery key…", unlock.ask_for_recovery_key)
