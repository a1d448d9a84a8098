"""What keeps the chats private: one card for each way."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from sottovoce.ui.settings.backup_card import BackupCard
from sottovoce.ui.settings.lock_card import LockCard
from sottovoce.ui.settings.lock_view_model import LockViewModel
from sottovoce.ui.settings.protection_card import ProtectionCard
from sottovoce.ui.settings.protection_view_model import ProtectionViewModel
from sottovoce.ui.settings.sandbox_card import SandboxCard
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import scrolled_column


class PrivacyTab(QWidget):
    """The cards, one below the other."""

    def __init__(
        self,
        protection: ProtectionViewModel,
        lock: LockViewModel,
        backups: BackupCard,
        sandbox: SandboxCard,
        look: Look,
    ) -> None:
        super().__init__()
        self.protection = ProtectionCard(protection, look)
        scroll, column = scrolled_column()
        self.lock = LockCard(lock, look)
        column.addWidget(self.protection)
        column.addWidget(self.lock)
        column.addWidget(backups)
        column.addWidget(sandbox)
        column.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
