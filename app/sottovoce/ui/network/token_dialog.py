"""For models that only people whom the hub knows may have: the way to a token, and its place."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from sottovoce.ui.link_dialog import LinkDialog
from sottovoce.ui.network.token_view_model import TokenViewModel
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import button, label


class TokenDialog(NarrowDialog):
    """Two steps and a field. The token goes into the keyring and is never shown again."""

    def __init__(
        self,
        token: TokenViewModel,
        parent: QWidget,
        *,
        repository: str = "",
        then: Callable[[], object] = lambda: None,
    ) -> None:
        """`repository` is the one that asks for a token; `then` is called when it is kept."""
        super().__init__("Access token", 520, parent)
        self._token = token
        self._then = then
        self._page = f"https://{token.host}/{repository}".rstrip("/")
        self._account = f"https://{token.host}/settings/tokens"
        self.field = QLineEdit()
        self.field.setAccessibleName("Access token")
        self.field.setPlaceholderText("hf_…")
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.textChanged.connect(self._note_typing)
        self._trouble = label("", "danger", wraps=True)
        self._trouble.hide()
        self.keep = button("Keep and go on" if repository else "Keep", self._keep, "accent")
        self.keep.setDefault(True)
        self.keep.setEnabled(False)
        self._lay_out(repository)
        self.field.setFocus()
        token.kept.connect(self._go_on)
        token.failed.connect(self._tell)

    def _lay_out(self, repository: str) -> None:
        host = self._token.host
        heading = f"Access token for {host}"
        if repository:
            heading = "This model is given to those who accepted its terms"
        first = (
            f"On the page of {repository}, sign in and accept the terms."
            if repository
            else f"Sign in at {host}, or make an account there."
        )
        second = "In your account’s settings, make a token that may only read. Paste it here."
        steps = QGridLayout()
        steps.setHorizontalSpacing(12)
        steps.setVerticalSpacing(10)
        steps.setColumnStretch(1, 1)
        for step, (says, name, target) in enumerate(
            ((first, "Open the page…", self._page), (second, "Open the settings…", self._account))
        ):
            number = label(f"{step + 1}.", "heading")
            steps.addWidget(number, step, 0, Qt.AlignmentFlag.AlignTop)
            steps.addWidget(label(says, wraps=True), step, 1)
            steps.addWidget(button(name, partial(self._show_link, target)), step, 2)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self.keep)
        column = self.column
        column.addWidget(label(heading, "heading"))
        column.addLayout(steps)
        column.addWidget(self.field)
        column.addWidget(self._trouble)
        column.addWidget(
            label(
                f"It is kept in this computer’s keyring, sent to {host} alone, and never shown "
                "again. You can have it forgotten in the network settings.",
                "muted",
                wraps=True,
            )
        )
        column.addLayout(row)

    def _show_link(self, target: str) -> None:
        LinkDialog(target, self).open()

    def _note_typing(self) -> None:
        self.keep.setEnabled(bool(self.field.text().strip()))
        self._trouble.hide()

    def _keep(self) -> None:
        self.keep.setEnabled(False)
        self._token.keep(self.field.text())

    def _go_on(self) -> None:
        self.field.clear()
        self.accept()
        self._then()

    def _tell(self, told: Trouble) -> None:
        self.keep.setEnabled(True)
        self._trouble.setText(told.sentence)
        self._trouble.show()
