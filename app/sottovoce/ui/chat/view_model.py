"""The chat on screen: what it shows, and what a person can do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sottovoce.chat.news import (
    Begun,
    Consulted,
    News,
    Packed,
    Ready,
    Said,
    Saved,
    Searching,
)
from sottovoce.domain.conversation import Conversation, Message, Role, State
from sottovoce.domain.document import Sources
from sottovoce.domain.problems import Missing, Problem
from sottovoce.domain.reply import Loading, Piece, Reading
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine
from sottovoce.library.library import Library
from sottovoce.store.store import Store
from sottovoce.ui.chat.awaiting import Awaiting, when_read
from sottovoce.ui.chat.replies import Replies
from sottovoce.ui.chat.scope_view_model import ScopeViewModel
from sottovoce.ui.models.view_model import ModelViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import UNANSWERED, Remedy, Trouble, trouble

if TYPE_CHECKING:
    # Late, for start-up, here and below: answering needs rules for documents and for the words of
    # many languages, which take as long to load as half of the window.
    from sottovoce.chat.answer import Answering

_DRAFT_MILLISECONDS = 400


@dataclass(frozen=True, slots=True)
class ContextUse:
    """How full the context window is, in tokens."""

    used: int
    size: int
    left_out: int = 0
    """Earlier messages the model was not shown."""


class ChatViewModel(QObject):
    """One chat, or a new one that is not begun yet. Replies go on when another is opened."""

    opened = Signal()
    """Another chat is on screen; ask for everything again."""
    messages_changed = Signal()
    message_came = Signal(object)
    reply_began = Signal(object)
    sources_came = Signal(object)
    """The Sources that the reply under way is written from."""
    documents_named = Signal(object)
    """A dict: what documents that replies were written from are called, by their numbers."""
    reply_grew = Signal(str)
    reply_ended = Signal(object)
    notice_changed = Signal(str)
    busy_changed = Signal(bool)
    trouble_changed = Signal()
    editing_changed = Signal()
    context_changed = Signal()
    speed_changed = Signal(float)
    draft_wanted = Signal(str)
    """The composer should hold this text."""
    temporary_kept = Signal()
    """A chat that was temporary is among the others now."""
    conversation_changed = Signal(int)
    """A conversation got words, a title or a reply."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        tasks: Tasks,
        *,
        replies: Replies,
        model: ModelViewModel,
        settings: SettingsViewModel,
        library: Library,
        scope: ScopeViewModel,
    ) -> None:
        super().__init__()
        self._store = store
        self._engine = engine
        self._tasks = tasks
        self._replies = replies
        self._model = model
        self._settings = settings
        self._library = library
        self._scope = scope
        self._conversation: Conversation | None = None
        self._messages: list[Message] = []
        self._is_starting = self._is_stop_wanted = False
        self._after_start: Callable[[], None] | None = None
        """What was asked for while the first words of a chat are on their way."""
        self._keeping: set[int] = set()
        """Temporary chats that are being kept at this moment."""
        self._is_attaching = False
        self._held = ""
        """Words that are sent as soon as what was attached for them is there."""
        self._attached_meanwhile: list[Path] = []
        """Files for a chat whose first words are on their way."""
        self._wanted: int | None = None
        self._wanted_message: int | None = None
        self._editing: Message | None = None
        self._edits: dict[int, str] = {}
        """What was made of a message's words so far, while they are edited."""
        self._edited: dict[int | None, int] = {}
        """The message that is edited in a chat, also while another chat is shown."""
        self._resending: set[int] = set()
        self._drafts: dict[int | None, str] = {}
        self._heard = 0
        """How many messages were told of, in any chat."""
        self._named: set[int] = set()
        """Documents whose names were asked for."""
        self._troubles: dict[int | None, Trouble] = {}
        self._contexts: dict[int, ContextUse] = {}
        self._notices: dict[int, str] = {}
        self._draft_timer = QTimer(self)
        self._draft_timer.setSingleShot(True)
        self._draft_timer.setInterval(_DRAFT_MILLISECONDS)
        self._draft_timer.timeout.connect(self._keep_draft)
        replies.told.connect(self._hear)
        replies.failed.connect(self._fail)
        replies.begun_or_ended.connect(self._note_busy)
        scope.attached.connect(self._send_held)

    @property
    def conversation(self) -> Conversation | None:
        """None while a new chat has no words yet."""
        return self._conversation

    @property
    def messages(self) -> tuple[Message, ...]:
        """The branch on screen, with the words so far of a reply under way."""
        return tuple(self._messages)

    @property
    def is_busy(self) -> bool:
        """Whether a reply is under way in this chat, or nothing may be said in it just now."""
        return self._is_starting or (
            self._conversation is not None
            and (
                self._conversation.id in self._keeping
                or self._replies.of(self._conversation.id) is not None
            )
        )

    @property
    def growing(self) -> Message | None:
        """The reply that is being written here."""
        writing = self._conversation and self._replies.of(self._conversation.id)
        if not writing or writing.message is None:
            return None
        return replace(
            writing.message,
            text=writing.text,
            sources=writing.sources or writing.message.sources,
        )

    @property
    def draft(self) -> str:
        """What was typed here and not sent."""
        if self._editing is not None:
            return self._edits.get(self._editing.id, self._editing.text)
        return self._drafts.get(self._id, "")

    @property
    def editing(self) -> Message | None:
        """The earlier message whose words are in the composer to be sent anew."""
        return self._editing

    @property
    def trouble(self) -> Trouble | None:
        """What stands in the way of the next words here, if anything does."""
        told = self._troubles.get(self._id)
        last = self._messages[-1] if self._messages else None
        if self.is_busy or last is None:
            return told
        if told is None:
            return UNANSWERED if last.role is Role.USER else None
        if told.remedy is Remedy.TRY_AGAIN and last.role is Role.ASSISTANT and last.text:
            # The reply has buttons of its own to go on or to be written anew.
            return replace(told, remedy=None)
        return told

    @property
    def context(self) -> ContextUse | None:
        return None if self._id is None else self._contexts.get(self._id)

    @property
    def notice(self) -> str:
        """What is going on before the first word comes; empty if nothing is."""
        return "" if self._id is None else self._notices.get(self._id, "")

    @property
    def speed(self) -> float:
        """Tokens per second of the reply under way here, or else of the last one; 0 if unknown."""
        writing = None if self._id is None else self._replies.of(self._id)
        if writing:
            return writing.speed
        timings = [m.timings for m in self._messages if m.timings]
        return timings[-1].speed if timings else 0.0

    @property
    def wanted_message(self) -> int | None:
        """The message that was asked for when this chat was opened."""
        return self._wanted_message

    def start_new(self) -> None:
        """Show an empty chat. It is kept once it has words."""
        if self._is_starting:
            self._after_start = self.start_new
            return
        self.keep_draft()
        self._wanted = None
        self._held = ""
        self._show(None, [], draft=self._drafts.get(None, ""))

    def start_temporary(self) -> None:
        """Show an empty chat that is in memory alone."""
        if self._is_starting:
            self._after_start = self.start_temporary
            return
        self.keep_draft()
        self._wanted = None
        # At once: it is made in memory, and what is typed in the meantime would be lost.
        self._show(self._store.new_temporary(), [], draft="")

    @property
    def is_temporary(self) -> bool:
        """Whether the chat on screen is in memory alone."""
        return self._conversation is not None and self._conversation.is_temporary

    def keep_temporary(self) -> None:
        """Keep the chat on screen, which was temporary, and show it as it is kept."""
        if self._conversation is None or not self.is_temporary or self.is_busy:
            return
        from sottovoce.chat.keeping import keep

        temporary = self._conversation.id
        self.keep_draft()
        # Nothing is said in it meanwhile: it would not be kept.
        self._keeping.add(temporary)
        self.busy_changed.emit(True)

        def work(_: Stop) -> Iterator[Conversation]:
            yield keep(self._store, self._library, temporary)

        def show(kept: Conversation) -> None:
            self.keep_draft()
            draft = self._drafts.pop(temporary, "")  # With what was typed meanwhile.
            self._drafts[kept.id] = draft
            self._tasks.ask(lambda: self._store.keep_draft(kept.id, draft))
            if temporary == self._id:
                self._drafts[temporary] = draft  # It is on screen until the kept one is read.
                self.open(kept.id)
            self.conversation_changed.emit(kept.id)
            self.temporary_kept.emit()

        def end() -> None:
            self._keeping.discard(temporary)
            if temporary == self._id:
                self.busy_changed.emit(self.is_busy)

        self._tasks.start(
            work,
            news=show,
            failed=lambda error: self._tell_trouble(trouble(error), temporary),
            ended=end,
        )

    def restore_draft(self) -> None:
        """Bring back what was typed in a chat that was not begun when the window closed."""

        def show(draft: str) -> None:
            if self._conversation is None and not self._drafts.get(None):
                self._drafts[None] = draft
                self.draft_wanted.emit(draft)

        self._tasks.ask(lambda: self._store.draft(None), show)

    def open(self, conversation: int, message: int | None = None) -> None:
        """Show this chat; at `message`, if it is named, on whatever branch that is."""
        self.keep_draft()
        self._wanted = conversation
        heard = self._heard

        def read() -> tuple[Conversation, list[Message], str]:
            if message is not None:
                self._store.show_branch(message)
            return (
                self._store.conversation(conversation),
                list(self._store.messages(conversation)),
                self._store.draft(conversation),
            )

        def show(found: tuple[Conversation, list[Message], str]) -> None:
            if self._wanted != conversation:
                return  # Another was asked for in the meantime.
            if heard != self._heard:
                self.open(conversation, message)  # It was read before the latest words.
                return
            self.keep_draft()  # Of the chat that was shown until now.
            self._held = ""
            opened, messages, draft = found
            self._wanted_message = message
            self._show(opened, messages, draft=self._drafts.get(conversation, draft))

        self._tasks.ask(read, show)

    def send(self, text: str) -> None:
        """Say `text`, after the last message or in place of the one being edited."""
        if self.is_busy or not text.strip():
            return
        if self._is_attaching or self._scope.is_adding:
            self._held = text
            return
        parts = self._parts()
        if parts is None:
            return
        edited = self._end_editing()
        self._tell_trouble(None)
        if self._conversation is None:
            self._is_starting = True
            self.busy_changed.emit(True)
            self._tasks.ask(
                self._store.new_conversation,
                lambda made: self._begin(parts, made, text),
                failed=self._fail_to_begin,
            )
            return
        parent = edited.parent if edited else self._last_id
        conversation = self._conversation.id
        if edited:
            self._resending.add(conversation)
        self._ask(parts, conversation, text, parent)

    def attach(self, paths: Sequence[Path]) -> None:
        """Have files read for this chat alone; one that is not begun begins with them."""
        if self._conversation is not None:
            self._scope.attach(paths)
            return
        if self._is_starting:
            self._attached_meanwhile += paths
            return

        def begin(made: Conversation) -> None:
            self._is_attaching = False
            if self._conversation is not None:
                return  # Another was opened in the meantime.
            draft = self._drafts.pop(None, "")
            self._scope.begin(made.id)
            self._show(made, [], draft=draft)
            self._tasks.ask(partial(self._store.keep_draft, None, ""))
            self._keep_draft()
            self._scope.attach(paths)

        self._is_attaching = True
        self._tasks.ask(self._store.new_conversation, begin, failed=self._fail_to_begin)

    def stop(self) -> None:
        """End the reply here; what is written stays."""
        self._is_stop_wanted = self._is_starting
        if self._id is not None:
            self._replies.stop(self._id)

    def regenerate(self, reply: int) -> None:
        """Have the same question answered again, as another variant."""
        from sottovoce.chat.answer import regenerate

        self._answer(lambda parts, stop: regenerate(parts, reply, stop))

    def continue_reply(self, reply: int) -> None:
        """Have a reply that broke off go on."""
        from sottovoce.chat.answer import continue_reply

        self._answer(lambda parts, stop: continue_reply(parts, reply, stop))

    def try_again(self) -> None:
        """Do again what failed last: begin the chat, or answer its last question."""
        from sottovoce.chat.answer import reply_to

        last = self._messages[-1] if self._messages else None
        if last is None:
            self._tell_trouble(None)
            self.send(self.draft)
        elif last.role is Role.USER:
            self._answer(lambda parts, stop: reply_to(parts, last.id, stop))
        else:
            self.regenerate(last.id)

    def edit(self, message: int) -> None:
        """Put an earlier message's words in the composer, to be sent in its place."""
        if self.is_busy:
            return
        self.keep_draft()
        self._editing = next(m for m in self._messages if m.id == message)
        self._edited[self._id] = message
        self.editing_changed.emit()
        self.draft_wanted.emit(self.draft)

    def cancel_editing(self) -> None:
        """Leave the earlier message as it is."""
        if self._end_editing() is None:
            return
        self.editing_changed.emit()
        self.draft_wanted.emit(self.draft)

    def _end_editing(self) -> Message | None:
        """Leave off editing; returns the message that was edited, None if none was."""
        edited, self._editing = self._editing, None
        if edited is not None:
            self._edited.pop(self._id, None)
            self._edits.pop(edited.id, None)
        return edited

    def show_variant(self, message: int) -> None:
        """Show the branch that goes through this message."""
        if self._conversation is None or self.is_busy:
            return
        conversation = self._conversation.id

        def read() -> list[Message]:
            self._store.show_branch(message)
            return list(self._store.messages(conversation))

        def show(messages: list[Message]) -> None:
            if conversation != self._id or self.is_busy:
                return  # Another chat was opened, or something was said where the reader was.
            self._messages = messages
            self._note_context()
            self.messages_changed.emit()

        self._tasks.ask(read, show)

    def note_draft(self, text: str) -> None:
        """The composer holds `text` now; it is kept in a moment."""
        if self._editing is not None:
            self._edits[self._editing.id] = text
            return
        if self.draft == text:
            return
        self._held = ""  # It was not finished after all.
        self._drafts[self._id] = text
        self._draft_timer.start()

    def leave_unsaid(self) -> None:
        """Forget what is for the chat on screen alone if nothing was said or typed in it.

        Such a chat is not listed anywhere: nobody will come back to it.
        """
        if self._conversation and not (self._messages or self.is_busy or self.draft.strip()):
            self._scope.forget_attached()

    def keep_draft(self) -> None:
        """Keep the words in the composer now, without waiting for a pause."""
        if self._draft_timer.isActive():
            self._draft_timer.stop()
            self._keep_draft()

    def keep_edit(self) -> None:
        """Keep as a draft what was made of an earlier message, as far as it is not sent."""
        if self._editing is None or self.draft == self._editing.text:
            return
        edited = self.draft
        self._end_editing()
        self._drafts[self._id] = edited
        self._keep_draft()

    def dismiss_trouble(self) -> None:
        self._tell_trouble(None)

    @property
    def _id(self) -> int | None:
        return None if self._conversation is None else self._conversation.id

    @property
    def _last_id(self) -> int | None:
        return self._messages[-1].id if self._messages else None

    def _parts(self) -> Answering | None:
        """What it takes to answer; None after telling that there is no model."""
        from sottovoce.chat.answer import Answering

        model = self._model.model
        if model is None:
            self._tell_trouble(self._model.trouble or trouble(Missing("Choose a model to answer.")))
            return None
        return Answering(
            self._store,
            self._engine,
            model,
            self._settings.settings,
            library=self._library,
            scope=self._scope.scope,
        )

    def _begin(self, parts: Answering, made: Conversation, text: str) -> None:
        self._is_starting = False
        # The words go along to the chat they began; the composer empties when they are kept.
        typed = self._drafts.pop(None, "") or text
        after, self._after_start = self._after_start, None
        self._scope.begin(made.id)
        self._show(made, [], draft=text if after else typed)
        self._ask(parts, made.id, text, None)
        if self._is_stop_wanted:
            self.stop()
        if paths := self._attached_meanwhile:
            self._attached_meanwhile = []
            self._scope.attach(paths)
        if after:
            after()
            if meanwhile := typed.removeprefix(text):
                self.note_draft(meanwhile)
                self.draft_wanted.emit(meanwhile)

    def _send_held(self, conversation: int) -> None:
        held = self._held
        if held and conversation == self._id and not self._scope.is_adding:
            self._held = ""
            self.send(held)

    def _fail_to_begin(self, error: Exception) -> None:
        self._is_starting = self._is_attaching = False
        self._held = ""
        self._attached_meanwhile = []
        self._after_start = None
        self.busy_changed.emit(False)
        self._tell_trouble(trouble(error))

    def _ask(self, parts: Answering, conversation: int, text: str, parent: int | None) -> None:
        from sottovoce.chat.answer import ask

        self._start(parts, conversation, lambda stop: ask(parts, conversation, text, parent, stop))

    def _answer(self, work: Callable[[Answering, Stop], Iterator[News]]) -> None:
        if self.is_busy or self._conversation is None:
            return
        parts = self._parts()
        if parts is None:
            return
        self._tell_trouble(None)
        self._start(parts, self._conversation.id, lambda stop: work(parts, stop))

    def _start(
        self, parts: Answering, conversation: int, work: Callable[[Stop], Iterator[News]]
    ) -> None:
        """Let a reply be written, once what was attached for it is read."""
        self._replies.start(
            conversation, lambda stop: when_read(work(stop), self._library, parts.scope, stop)
        )

    def _show(
        self, conversation: Conversation | None, messages: list[Message], *, draft: str
    ) -> None:
        if conversation != self._conversation:
            self.leave_unsaid()
        self._conversation = conversation
        self._drafts[self._id] = draft
        self._messages = messages
        edited = self._edited.get(self._id)
        self._editing = next((m for m in messages if m.id == edited), None)
        if growing := self.growing:
            self._put(growing)
        self._note_context()
        self._scope.show(self._id, conversation.scope if conversation else None)
        self.opened.emit()
        self._name_documents([each.sources for each in messages if each.sources])
        self._wanted_message = None
        if not self.is_busy:
            self._reload_unfinished()

    def _keep_draft(self) -> None:
        conversation, draft = self._id, self._drafts[self._id]
        self._tasks.ask(lambda: self._store.keep_draft(conversation, draft))

    def _reload_unfinished(self) -> None:
        """Show as it is kept a reply that ended untold, or while another chat was shown."""
        if not self._messages or self._messages[-1].state is not State.WRITING:
            return
        unfinished = self._messages[-1].id

        def show(message: Message) -> None:
            if self._last_id == message.id:
                self._put(message)
                self.reply_ended.emit(message)

        self._tasks.ask(lambda: self._store.message(unfinished), show)

    def _hear(self, conversation: int, news: News | Awaiting) -> None:
        """Take in what answering tells, of the chat on screen or another."""
        is_here = conversation == self._id
        self._heard += isinstance(news, Said | Begun | Saved)
        match news:
            case Said(message):
                self._forget_draft_of(message)
                self.conversation_changed.emit(conversation)
                if is_here:
                    self._take_said(message)
            case Loading(fraction):
                self._tell_notice(conversation, f"Loading the model… {fraction:.0%}")
            case Ready():
                self._tell_notice(conversation, "Thinking…")
            case Awaiting(name, others):
                more = f" and {others:,} more" if others else ""
                self._tell_notice(conversation, f"Waiting for {name}{more} to be read…")
            case Searching():
                self._tell_notice(conversation, "Searching your documents…")
            case Consulted(sources):
                self._tell_notice(conversation, "Thinking…")
                if is_here:
                    self._name_documents([sources])
                    self.sources_came.emit(sources)
            case Packed():
                self._contexts[conversation] = ContextUse(news.tokens, news.context, news.left_out)
                if is_here:
                    self.context_changed.emit()
            case Begun(message):
                if is_here:
                    self._take_begun(self.growing or message)
            case Reading(done, total):
                self._tell_notice(conversation, f"Reading {done:,} of {total:,} tokens…")
            case Piece(text):
                self._tell_notice(conversation, "")
                if is_here:
                    self.reply_grew.emit(text)
                    self.speed_changed.emit(self.speed)
            case Saved(message):
                self._tell_notice(conversation, "")
                self.conversation_changed.emit(conversation)
                if is_here:
                    self._put(message)
                    self._note_context()
                    self.reply_ended.emit(message)

    def _name_documents(self, sources: Sequence[Sources]) -> None:
        """Find out what is called what was read whole: its number alone was kept."""
        unnamed = {number for each in sources for number in each.whole} - self._named
        if not unnamed:
            return
        self._named |= unnamed

        def read(_: Stop) -> Iterator[dict[int, str]]:
            for number in sorted(unnamed):
                try:
                    yield {number: self._library.document(number).name}
                except Problem:
                    continue  # It is gone: only that it was read is known.

        self._tasks.start(read, news=self.documents_named.emit)

    def _forget_draft_of(self, said: Message) -> None:
        """What was typed is a message now; what was typed since, or put aside by an edit, stays."""
        if said.conversation in self._resending:
            self._resending.discard(said.conversation)
            return
        places: list[int | None] = [said.conversation]
        if said.parent is None and not self._drafts.get(None):
            places.append(None)  # It was typed in a chat that was not begun.
        for place in places:
            left = self._drafts.get(place, "").removeprefix(said.text)
            self._drafts[place] = left
            self._tasks.ask(partial(self._store.keep_draft, place, left))

    def _take_said(self, message: Message) -> None:
        self.draft_wanted.emit(self.draft)
        if message.parent == self._last_id:
            self._messages.append(message)
            self.message_came.emit(message)
            return
        self._cut_after(message.parent)
        self._messages.append(message)
        self.editing_changed.emit()
        self.messages_changed.emit()

    def _take_begun(self, message: Message) -> None:
        is_known = any(m.id == message.id for m in self._messages)
        if not is_known and message.parent != self._last_id:
            self._cut_after(message.parent)
            self.messages_changed.emit()
        self._put(message)
        self.reply_began.emit(message)

    def _cut_after(self, parent: int | None) -> None:
        """Leave the branch at `parent`: what followed belongs to another one."""
        kept = [i for i, m in enumerate(self._messages) if m.id == parent]
        self._messages = self._messages[: kept[0] + 1] if kept else []

    def _put(self, message: Message) -> None:
        """Have `message` in its place on the branch on screen."""
        for i, known in enumerate(self._messages):
            if known.id == message.id:
                self._messages[i] = message
                return
        self._messages.append(message)

    def _note_context(self) -> None:
        """Say how full the context window is after the last reply, where it is known."""
        usages = [m.usage for m in self._messages if m.usage]
        if self._id is not None and usages:
            loaded = self._engine.loaded
            known = self._contexts.get(self._id)
            self._contexts[self._id] = ContextUse(
                usages[-1].prompt + usages[-1].generated,
                loaded.context_limit if loaded else usages[-1].context,
                known.left_out if known else 0,
            )
        self.context_changed.emit()

    def _fail(self, conversation: int, error: Exception) -> None:
        told = trouble(error)
        writing = self._replies.of(conversation)
        if writing and writing.is_loaded and told.remedy is Remedy.CHOOSE_MODEL:
            # The model is there: it is a document that is not.
            told = replace(told, remedy=Remedy.TRY_AGAIN)
        self._tell_trouble(told, conversation)
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)

    def _note_busy(self, conversation: int) -> None:
        is_under_way = self._replies.of(conversation) is not None
        if not is_under_way:
            self._resending.discard(conversation)
            self._tell_notice(conversation, "")
            self.conversation_changed.emit(conversation)
        if conversation != self._id:
            return
        self.busy_changed.emit(is_under_way)
        self.speed_changed.emit(self.speed)
        self.trouble_changed.emit()
        if not is_under_way:
            self._reload_unfinished()

    def _tell_notice(self, conversation: int, notice: str) -> None:
        if self._notices.get(conversation, "") == notice:
            return
        self._notices[conversation] = notice
        if conversation == self._id:
            self.notice_changed.emit(notice)

    def _tell_trouble(self, told: Trouble | None, conversation: int | None = None) -> None:
        """Keep what is in the way in this chat; without a number, in the one on screen."""
        place = self._id if conversation is None else conversation
        if told is None:
            self._troubles.pop(place, None)
        else:
            self._troubles[place] = told
        if place == self._id:
            self.trouble_changed.emit()
