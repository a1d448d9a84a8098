"""The chat on screen: transcript, what is in the way, composer."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from sottovoce.domain.conversation import Message
from sottovoce.library.suffixes import SUFFIXES
from sottovoce.ui.chat.composer import Composer
from sottovoce.ui.chat.find_bar import FindBar
from sottovoce.ui.chat.scope_view_model import ScopeViewModel
from sottovoce.ui.chat.temporary_bar import TemporaryBar
from sottovoce.ui.chat.transcript.column import Anchor
from sottovoce.ui.chat.transcript.view import Transcript
from sottovoce.ui.chat.view_model import ChatViewModel
from sottovoce.ui.chat.welcome import Welcome
from sottovoce.ui.models.view_model import ModelViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import COLUMN_PIXELS
from sottovoce.ui.trouble import Remedy, Trouble
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.parts import label


class ChatPage(QWidget):
    """Shows what the view-model says and passes on gestures."""

    model_asked = Signal()
    settings_asked = Signal()
    link_asked = Signal(str)
    source_asked = Signal(object, object)
    """The Sources of a reply, and the Citation or Passage of them that is to be shown."""
    document_asked = Signal(object)
    """A Document that is to be shown."""
    documents_asked = Signal()

    def __init__(
        self, chat: ChatViewModel, scope: ScopeViewModel, model: ModelViewModel, look: Look
    ) -> None:
        super().__init__()
        self._chat = chat
        self._scope = scope
        self._model = model
        self._look = look

        self.transcript = Transcript(look.tokens)
        self.composer = Composer(scope, look)
        self.banner = Banner(look, chat.dismiss_trouble)
        self.left_out = Banner(look)
        self.temporary_bar = TemporaryBar(look)
        self.find_bar = FindBar(look)
        self._welcome = Welcome(look)
        self._shown: int | None = None
        """The chat on screen."""
        self._anchors: dict[int | None, Anchor | None] = {}
        """What a reader looked at in each chat when another was opened."""
        self._drop_hint = label("Drop files here to attach them to this chat", "drop")
        self._drop_hint.setParent(self)
        self._drop_hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._drop_hint.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._welcome)
        self._stack.addWidget(self.transcript)
        self._lay_out()
        self._connect()
        self._show_all()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Stop by Escape also while the transcript has the focus, which leaves it to us."""
        if event.key() == Qt.Key.Key_Escape and self._chat.is_busy:
            self._chat.stop()
            return
        super().keyPressEvent(event)

    def show_drop_hint(self, *, is_shown: bool) -> None:
        """Say what happens to files that are dropped here, while they are dragged."""
        self._drop_hint.setGeometry(self.rect().adjusted(16, 4, -16, -12))
        self._drop_hint.setVisible(is_shown)
        self._drop_hint.raise_()

    def _lay_out(self) -> None:
        find = QHBoxLayout()
        find.setContentsMargins(0, 0, 18, 0)
        find.addStretch()
        find.addWidget(self.find_bar)
        cards = QVBoxLayout()
        cards.setSpacing(8)
        for card in (self.left_out, self.banner, self.composer):
            card.setMaximumWidth(COLUMN_PIXELS + 30)
            cards.addWidget(card)
        centred = QHBoxLayout()
        centred.setContentsMargins(24, 4, 24, 14)
        centred.addStretch(1)
        centred.addLayout(cards, 1000)
        centred.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        temporary = QHBoxLayout()
        temporary.setContentsMargins(18, 0, 18, 8)
        temporary.addWidget(self.temporary_bar)
        column.addLayout(temporary)
        column.addLayout(find)
        column.addWidget(self._stack, 1)
        column.addLayout(centred)

    def _connect(self) -> None:
        chat, transcript, composer = self._chat, self.transcript, self.composer
        chat.opened.connect(self._show_all)
        chat.messages_changed.connect(self._show_other_messages)
        chat.message_came.connect(self._append)
        chat.reply_began.connect(transcript.begin_reply)
        chat.sources_came.connect(transcript.tell_sources)
        chat.documents_named.connect(transcript.name_documents)
        chat.reply_grew.connect(transcript.grow)
        chat.reply_ended.connect(transcript.finish)
        chat.reply_ended.connect(lambda _: self._show_trouble())
        chat.notice_changed.connect(transcript.set_notice)
        chat.busy_changed.connect(composer.set_busy)
        chat.trouble_changed.connect(self._show_trouble)
        chat.editing_changed.connect(self._show_editing)
        chat.context_changed.connect(self._show_left_out)
        chat.draft_wanted.connect(composer.set_text)
        composer.sent.connect(chat.send)
        composer.stop_asked.connect(chat.stop)
        composer.cancel_editing_asked.connect(chat.cancel_editing)
        composer.text_changed.connect(chat.note_draft)
        composer.attach_asked.connect(self.choose_files)
        composer.files_pasted.connect(chat.attach)
        composer.documents_asked.connect(self.documents_asked)
        composer.scope_bar.document_asked.connect(self.document_asked)
        self._scope.failed.connect(self._tell_scope_trouble)
        self.temporary_bar.keep_asked.connect(chat.keep_temporary)
        chat.busy_changed.connect(lambda busy: self.temporary_bar.keep.setDisabled(busy))
        transcript.regenerate_asked.connect(chat.regenerate)
        transcript.edit_asked.connect(self._edit)
        transcript.continue_asked.connect(chat.continue_reply)
        transcript.variant_asked.connect(chat.show_variant)
        transcript.link_asked.connect(self.link_asked)
        transcript.source_asked.connect(self.source_asked)
        self.find_bar.wanted.connect(self._find)
        self.find_bar.closed.connect(composer.setFocus)
        self._welcome.question_chosen.connect(chat.send)
        self._model.changed.connect(self._show_model)
        self._look.changed.connect(lambda: transcript.set_tokens(self._look.tokens))

    def _show_all(self) -> None:
        chat = self._chat
        self.composer.set_text(chat.draft)
        self.composer.set_busy(chat.is_busy)
        self.temporary_bar.setVisible(chat.is_temporary)
        self.temporary_bar.keep.setDisabled(chat.is_busy)
        self._anchors[self._shown] = self.transcript.anchor
        self._shown = chat.conversation.id if chat.conversation else None
        self._show_messages(self._anchors.get(self._shown))
        self.transcript.set_notice(chat.notice)
        self._show_editing()
        self._show_left_out()
        self._show_model()
        if chat.wanted_message is not None:
            self.transcript.scroll_to_message(chat.wanted_message)

    def _show_other_messages(self) -> None:
        # A reader who looks at other versions stays; who has asked for words will see them come.
        self._show_messages(None if self._chat.is_busy else self.transcript.anchor)

    def _show_messages(self, anchor: Anchor | None) -> None:
        messages, growing = self._chat.messages, self._chat.growing
        self.transcript.show_messages(messages, anchor)
        if growing is not None:
            self.transcript.begin_reply(growing)
        self._stack.setCurrentWidget(self.transcript if messages else self._welcome)
        self._show_trouble()

    def _append(self, message: Message) -> None:
        self.transcript.append(message)
        self._stack.setCurrentWidget(self.transcript)

    def _show_trouble(self) -> None:
        trouble = self._chat.trouble
        if trouble is None:
            self.banner.hide()
            return
        if trouble.remedy is None:
            self.banner.tell(trouble.sentence, kind="warning")
            return
        act = {
            Remedy.CHOOSE_MODEL: self.model_asked.emit,
            Remedy.OPEN_SETTINGS: self.settings_asked.emit,
            Remedy.TRY_AGAIN: self._chat.try_again,
        }[trouble.remedy]
        self.banner.tell(trouble.sentence, kind="warning", says=trouble.remedy.value, act=act)

    def _show_left_out(self) -> None:
        context = self._chat.context
        if context is None or not context.left_out:
            self.left_out.hide()
            return
        messages = "message is" if context.left_out == 1 else "messages are"
        self.left_out.tell(
            f"This chat is longer than the context window: the {context.left_out} oldest "
            f"{messages} not shown to the model.",
            says="Settings",
            act=self.settings_asked.emit,
        )

    def _show_editing(self) -> None:
        self.composer.set_editing(self._chat.editing is not None)

    def _show_model(self) -> None:
        self._welcome.show_model(self._model.model.name if self._model.model else "")

    def _edit(self, message: int) -> None:
        self._chat.edit(message)
        self.composer.setFocus()

    def choose_files(self) -> None:
        """Have files chosen that are for this chat alone."""
        names = " ".join(sorted(f"*{suffix}" for suffix in SUFFIXES))
        found, _ = QFileDialog.getOpenFileNames(
            self,
            "Attach files to this chat",
            str(Path.home()),
            f"Documents ({names});;All files (*)",
        )
        if found:
            self._chat.attach([Path(path) for path in found])

    def _tell_scope_trouble(self, told: Trouble) -> None:
        self.banner.tell(told.sentence, kind="warning")

    def _find(self, text: str, forward: bool) -> None:
        self.find_bar.show_result(self.transcript.find(text, forward))
