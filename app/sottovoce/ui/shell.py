"""The window once the chats are open: sidebar, chat, and everything a person can do there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sottovoce.chat.attached import forget_orphans
from sottovoce.chat.export import Format, export
from sottovoce.chat.retention import remove_expired
from sottovoce.domain.conversation import Conversation, Role
from sottovoce.domain.document import Document, Found
from sottovoce.domain.problems import Problem
from sottovoce.domain.settings import Appearance
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine
from sottovoce.library.joined import JoinedLibrary, TemporaryLibrary
from sottovoce.library.process import ProcessLibrary
from sottovoce.models.downloads import Downloads
from sottovoce.models.names import BUNDLE_SUFFIX
from sottovoce.models.remote import Remote
from sottovoce.models.shelf import shelf_in
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import write_private
from sottovoce.system.memory import resident
from sottovoce.system.network.token import HubToken
from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets
from sottovoce.ui.actions import Action, install
from sottovoce.ui.chat.page import ChatPage
from sottovoce.ui.chat.replies import Replies
from sottovoce.ui.chat.scope_view_model import ScopeViewModel
from sottovoce.ui.chat.view_model import ChatViewModel
from sottovoce.ui.library.collections_view_model import CollectionsViewModel
from sottovoce.ui.library.search import DocumentSearch
from sottovoce.ui.library.work_view_model import WorkViewModel
from sottovoce.ui.models.downloads_view_model import DownloadsViewModel, Row
from sottovoce.ui.models.pill import ModelPill
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.models.view_model import ModelViewModel
from sottovoce.ui.network.token_view_model import TokenViewModel
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.settings.document_models import DocumentModelsViewModel
from sottovoce.ui.settings.lock_view_model import LockViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.sidebar.rows import UNNAMED
from sottovoce.ui.sidebar.sidebar import Sidebar
from sottovoce.ui.sidebar.view_model import SidebarViewModel
from sottovoce.ui.status_bar import StatusBar
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Remedy, Trouble, trouble
from sottovoce.ui.unlock.view_model import Opened
from sottovoce.ui.viewer.beside import Beside
from sottovoce.ui.viewer.view_model import ViewerViewModel
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.locked import SET_BY_ADMINISTRATOR, lock
from sottovoce.ui.widgets.parts import icon_button, rounded
from sottovoce.ui.widgets.toast import Toast

if TYPE_CHECKING:
    # Late, for start-up, all that is opened by a gesture: the window is there before it.
    from sottovoce.ui.about.dialog import AboutDialog
    from sottovoce.ui.backup.view_model import BackupViewModel
    from sottovoce.ui.library.page import DocumentsPage
    from sottovoce.ui.models.page import ModelsPage
    from sottovoce.ui.packs.view_model import PacksViewModel
    from sottovoce.ui.settings.dialog import SettingsDialog
    from sottovoce.ui.viewer.pane import ViewerPane

_FIGURES_MILLISECONDS = 3000
# What is in the documents is wanted later than the window, which its process would slow down; what
# it takes to answer, later still: nobody has asked anything before, but a chat may be being opened.
_LIBRARY_MILLISECONDS = 1000
_ANSWERS_MILLISECONDS = 4000
# What was deleted can be brought back while the window is open; a day later it is gone for good.
_EXPIRY_MILLISECONDS = 6 * 60 * 60 * 1000
_DELETED_ARE_KEPT = timedelta(days=1)
_STARTER_NOTICE = (
    "The starter model lets you begin at once, but it is small and often wrong. "
    "A larger one, such as Llama 3.1, answers far better."
)


class Shell(QWidget):
    """Builds the view-models and the views, and connects what happens in one to the others."""

    def __init__(
        self,
        opened: Opened,
        engine: Engine,
        tasks: Tasks,
        *,
        profile: Profile,
        remote: Remote,
        secrets: Callable[[], Secrets | None],
        look: Look,
        appearance: Appearance,
        downloads: DownloadsViewModel | None = None,
    ) -> None:
        """`downloads` are those that went on while the window was locked."""
        super().__init__()
        library = opened.library
        self._store = opened.store
        self._library = library
        self.temporary_library = TemporaryLibrary(ProcessLibrary(profile, None))
        """What is attached to temporary chats."""
        joined = JoinedLibrary(library, self.temporary_library)
        self._key = opened.key
        self._backups: BackupViewModel | None = None
        self._packs: PacksViewModel | None = None
        self._profile = profile
        self._engine = engine
        self._tasks = tasks
        self._remote = remote
        self._secrets = secrets
        self._look = look
        self.settings = SettingsViewModel(opened.store, tasks, opened.settings)
        self.lock = LockViewModel(self.settings, profile.policy, is_kept=not opened.is_temporary)
        self.downloads = downloads or DownloadsViewModel(
            Downloads(profile, remote), tasks, NetworkViewModel(profile, tasks)
        )
        self.network = self.downloads.network
        self.token = TokenViewModel(HubToken(profile, secrets), self.network, tasks)
        self.shelf = ShelfViewModel(shelf_in(profile), tasks)
        self.model = ModelViewModel(engine, tasks, self.settings, self.shelf.shelf)
        self.replies = Replies(tasks)
        self.collections = CollectionsViewModel(
            library, tasks, self.settings, appearance.collection
        )
        self.document_models = DocumentModelsViewModel(self.shelf.shelf, tasks)
        self.work = WorkViewModel(library, tasks, self.settings, lambda: self.replies.any_busy)
        self.temporary_work = WorkViewModel(
            self.temporary_library, tasks, self.settings, lambda: self.replies.any_busy
        )
        self.scope = ScopeViewModel(opened.store, joined, tasks)
        self.viewer = ViewerViewModel(joined, tasks, needs_sandbox=profile.policy.needs_sandbox)
        self.chat = ChatViewModel(
            opened.store,
            engine,
            tasks,
            replies=self.replies,
            model=self.model,
            settings=self.settings,
            library=joined,
            scope=self.scope,
        )
        self.chats = SidebarViewModel(
            opened.store, tasks, DocumentSearch(library, tasks, self.collections)
        )

        self.sidebar = Sidebar(self.chats, look)
        self.page = ChatPage(self.chat, self.scope, self.model, look)
        self.pill = ModelPill(self.model, self.shelf, look, lambda: self.replies.any_under_way)
        self.status = StatusBar(self.network, self.work, look)
        self.notice = Banner(look, self._dismiss_notice)
        self.toast = Toast(self.page, above=self.page.composer)
        self.countdown = Toast(self, above=self.status)
        """Says that the window will lock, wherever one is in it."""
        self._models_tab = appearance.models_tab
        self._documents_order = appearance.documents_order
        self._reranker = ""
        """The one that the library was told to use."""
        self._is_locking = False
        self._has_temporary = profile.policy.temporary and not opened.is_temporary
        """Whether a single chat may be temporary, where others are kept."""
        self.models: ModelsPage | None = None
        """The page of models, once it was opened."""
        self.viewer_pane: ViewerPane | None = None
        """The document beside the chat, once one was opened."""
        self.documents: DocumentsPage | None = None
        """The page of documents, once it was opened."""
        self.actions_by_id = self._install_actions()
        self._lay_out(appearance)
        self._connect()
        self._figures_timer = QTimer(self)
        self._figures_timer.setInterval(_FIGURES_MILLISECONDS)
        self._figures_timer.timeout.connect(self._show_figures)
        self._expiry_timer = QTimer(self)
        self._expiry_timer.setInterval(_EXPIRY_MILLISECONDS)
        self._expiry_timer.timeout.connect(self._remove_expired)
        self.sidebar.temporary.setVisible(self._has_temporary)
        self._may_forget = False
        """Whether somebody said that temporary chats need not stay."""
        if opened.is_temporary:
            self.status.show_temporary()
        self.setAcceptDrops(True)

    def start(self, *, interrupted: int | None = None, model: Path | None = None) -> None:
        """Fill the window: list the chats, find the model; show a chat whose reply broke off."""
        self.chats.refresh()
        if model is None or model.suffix.lower() == BUNDLE_SUFFIX:
            self.model.find()
        if model is not None:
            self.open_file(model)
        before_lock = self.settings.settings.open_chat
        self.settings.change(replace(self.settings.settings, open_chat=0))
        if chat := interrupted or before_lock:
            self.chat.open(chat)
        else:
            self.chat.restore_draft()
        self._figures_timer.start()
        self._show_figures()
        if trouble := self.settings.settings.backups.trouble:
            self.notice.tell(f"The last automatic backup was not made. {trouble}", kind="warning")
        self._use_reranker()
        self._tasks.ask(lambda: self._store.purge_deleted(_DELETED_ARE_KEPT))
        self._remove_expired()
        self._expiry_timer.start()
        QTimer.singleShot(_ANSWERS_MILLISECONDS, self, self._prepare_answers)
        if self._profile.documents.exists():
            QTimer.singleShot(_LIBRARY_MILLISECONDS, self, self._follow_documents)
        self.page.composer.setFocus()

    def _use_reranker(self) -> None:
        wanted = self.settings.settings.reranker
        if wanted != self._reranker:
            self._reranker = wanted
            model = Path(wanted) if wanted else None
            for library in (self._library, self.temporary_library):
                self._tasks.ask(partial(library.rerank_by, model))

    def _remove_expired(self) -> None:
        """Let go of chats that administrators let nobody keep any longer."""

        def note(count: int) -> None:
            if not count:
                return
            shown = self.chat.conversation
            if shown is not None and not self._store.has_conversation(shown.id):
                self.chat.start_new()
            self.chats.refresh()
            self._tasks.ask(lambda: forget_orphans(self._store, self._library))

        if self._profile.policy.retention is not None:
            self._tasks.ask(lambda: remove_expired(self._store, self._profile), note)

    def _prepare_answers(self) -> None:
        """Load the rules for answers before the first question, which need not wait for them."""

        def load(_: Stop) -> Iterator[None]:
            import sottovoce.chat.answer  # noqa: F401  Loading it is all that is wanted.

            yield None

        self._tasks.start(load)

    def _follow_documents(self) -> None:
        def tidy(_: Stop) -> Iterator[None]:
            forget_orphans(self._store, self._library)
            yield None

        self._tasks.start(tidy)
        self.collections.refresh()
        self.work.begin()

    def close_down(self) -> None:
        """Keep what was typed, and ask what is under way to end."""
        self._figures_timer.stop()
        self.lock.stop()
        self.replies.fall_silent()
        self.chat.leave_unsaid()
        self.viewer.close()
        if not (self._is_locking and self.downloads.wanted):
            self.network.rest()
        self.chat.keep_draft()

    def note_locking(self) -> None:
        """Keep what is needed to go on after it: the chat on screen, with all that was typed."""
        self._is_locking = True
        self.chat.keep_edit()
        conversation = self.chat.conversation
        open_chat = conversation.id if conversation and not conversation.is_temporary else 0
        self.settings.change(replace(self.settings.settings, open_chat=open_chat))

    @property
    def sidebar_width(self) -> int:
        return self.sidebar.width()

    @property
    def is_sidebar_shown(self) -> bool:
        return not self.sidebar.isHidden()

    @property
    def viewer_width(self) -> int:
        return self._beside.other_width

    @property
    def models_tab(self) -> str:
        """The tab of the page of models that was shown last."""
        return self.models.tab if self.models else self._models_tab

    @property
    def documents_order(self) -> str:
        """What documents were sorted by last."""
        return self.documents.pane.table.order if self.documents else self._documents_order

    def _actions(self) -> list[Action]:
        """Everything a person can do, in the order it is listed."""
        chat = self.chat
        return [
            Action("new_chat", "New chat", "square-pen", self._new_chat, ("Ctrl+N",)),
            *self._temporary_actions(),
            Action("find", "Find in this chat", "search", self._find, ("Ctrl+F",)),
            Action(
                "search", "Search chats and documents", "search", self._search, ("Ctrl+Shift+F",)
            ),
            Action("rename", "Rename this chat", "pencil", self._rename),
            Action("delete", "Delete this chat", "trash-2", self._delete),
            Action("restore", "Bring back the deleted chat", "undo-2", self._restore, ("Ctrl+Z",)),
            Action("copy", "Copy the last reply", "copy", self._copy_reply, ("Ctrl+Shift+C",)),
            Action("regenerate", "Answer again", "refresh-cw", self._regenerate, ("Ctrl+R",)),
            Action("stop", "Stop the reply", "square", chat.stop),
            Action(
                "previous", "Previous chat", "chevron-up", lambda: self._step(-1), ("Ctrl+PgUp",)
            ),
            Action("next", "Next chat", "chevron-down", lambda: self._step(1), ("Ctrl+PgDown",)),
            *(
                Action(f"export_{form}", f"Export as {says}…", "share", partial(self._export, form))
                for form, says in _FORMATS.items()
            ),
            Action(
                "model_file", "Choose a model file…", "folder-open", self._choose_file, ("Ctrl+O",)
            ),
            Action("models", "Models", "boxes", self._open_models, ("Ctrl+Shift+M",)),
            Action("attach", "Attach files…", "paperclip", self._attach, ("Ctrl+Shift+A",)),
            Action("documents", "Documents", "files", self._open_documents, ("Ctrl+Shift+D",)),
            Action("load", "Load the model now", "cpu", self.model.load),
            Action("unload", "Unload the model", "x", self.model.unload),
            Action(
                "sidebar",
                "Show or hide the sidebar",
                "panel-left",
                self._toggle_sidebar,
                ("Ctrl+B",),
            ),
            Action("lock", "Lock now", "lock", self.lock.lock, ("Ctrl+Shift+L",)),
            Action("focus", "Write a message", "message-square", self._focus_composer, ("Ctrl+L",)),
            Action("settings", "Settings", "settings", self._open_settings, ("Ctrl+,",)),
            Action("network", "Network settings", "globe", self._open_network_settings),
            Action("privacy", "Privacy settings", "shield-check", self._open_privacy_settings),
            Action("ledger", "Network ledger", "scroll-text", self._open_ledger),
            Action("update", "Install an update from a file…", "package", self._choose_update),
            Action("pack", "Install a pack for GPUs from a file…", "package", self._choose_pack),
            Action("commands", "All commands", "command", self._open_commands, ("Ctrl+K",)),
            Action(
                "shortcuts",
                "Keyboard shortcuts",
                "keyboard",
                self._show_shortcuts,
                ("F1", "Ctrl+/"),
            ),
            Action("about", "About Sottovoce", "info", self._open_about),
            Action("licences", "Licences of components", "scale", self._open_licences),
        ]

    def _temporary_actions(self) -> list[Action]:
        if not self._has_temporary:
            return []
        dashed = "message-square-dashed"
        new, keep = self._new_temporary, self.chat.keep_temporary
        return [
            Action("new_temporary", "New temporary chat", dashed, new, ("Ctrl+Shift+N",)),
            Action("keep", "Keep this temporary chat", dashed, keep),
        ]

    def _install_actions(self) -> dict[str, QAction]:
        return install(self._actions(), self, self._look)

    def _lay_out(self, appearance: Appearance) -> None:
        look = self._look
        self._show_sidebar = icon_button(
            look, "panel-left", "Show the sidebar (Ctrl+B)", self._toggle_sidebar
        )
        more = icon_button(look, "ellipsis", "More", lambda: None)
        self._share = icon_button(look, "share", "Export this chat", lambda: None)
        exports = [self.actions_by_id[f"export_{form}"] for form in _FORMATS]
        _give_menu(self._share, exports)
        if not self._profile.policy.export:
            lock(self._share)
            for action in exports:
                action.setEnabled(False)
        for name in ("update", "pack"):
            self.actions_by_id[name].setEnabled(self._profile.policy.updates)
        places = ("documents", "models", "commands", "shortcuts", "settings", "update", "about")
        named = ("find", "copy", "rename", "delete", *places)
        _give_menu(more, [self.actions_by_id[name] for name in named])
        top = QHBoxLayout()
        top.setContentsMargins(18, 12, 18, 10)
        top.setSpacing(6)
        top.addWidget(self._show_sidebar)
        top.addWidget(self.pill)
        top.addStretch()
        top.addWidget(
            icon_button(look, "sliders-horizontal", "Settings (Ctrl+,)", self._open_settings)
        )
        top.addWidget(self._share)
        top.addWidget(more)
        notice = QHBoxLayout()
        notice.setContentsMargins(18, 0, 18, 8)
        notice.addWidget(self.notice)

        main = QWidget()
        main.setObjectName("main")
        column = QVBoxLayout(main)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addLayout(notice)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.page)
        self._beside = Beside(self._pages, appearance.viewer_width)
        column.addWidget(self._beside, 1)
        column.addWidget(self.status)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.sidebar)
        split.addWidget(main)
        split.setStretchFactor(1, 1)
        split.setSizes([appearance.sidebar_width, 1000])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)
        self.sidebar.setVisible(appearance.sidebar_shown)
        self._show_sidebar.setVisible(not appearance.sidebar_shown)

    def _connect(self) -> None:
        chat, model, sidebar, page = self.chat, self.model, self.sidebar, self.page
        self.settings.changed.connect(self._use_reranker)
        sidebar.new_asked.connect(self._new_chat)
        sidebar.documents_asked.connect(self._open_documents)
        sidebar.models_asked.connect(self._open_models)
        sidebar.settings_asked.connect(self._open_settings)
        sidebar.hide_asked.connect(self._toggle_sidebar)
        sidebar.lock_asked.connect(self.lock.lock)
        self.lock.nearing.connect(self._count_down)
        self.lock.may_lock = partial(self._may_forget_temporary, "Lock anyway")
        sidebar.temporary_asked.connect(self._new_temporary)
        sidebar.chosen.connect(self._open)
        self.chats.deleted.connect(self._note_deleted)
        self.chats.restored.connect(lambda chat: self._open(chat, None))
        page.model_asked.connect(self._open_models)
        page.settings_asked.connect(self._open_settings)
        page.link_asked.connect(self._ask_about_link)
        chat.opened.connect(self._show_chat)
        chat.conversation_changed.connect(lambda _: self.chats.refresh())
        chat.context_changed.connect(lambda: self.status.show_context(chat.context))
        chat.speed_changed.connect(self.status.show_speed)
        self.replies.told.connect(lambda _, news: model.hear(news))
        self.replies.begun_or_ended.connect(lambda _: model.note_end())
        self.replies.begun_or_ended.connect(lambda _: self.work.note_replies())
        self.replies.awaiting_changed.connect(self.work.note_replies)
        self.replies.begun_or_ended.connect(lambda _: self.temporary_work.note_replies())
        self.scope.added.connect(self._read_attached)
        for work in (self.work, self.temporary_work):
            work.progressed.connect(partial(self._note_working, work))
            work.settled.connect(self.scope.note_settled)
        page.temporary_bar.drop_asked.connect(self._delete)
        chat.temporary_kept.connect(self._note_kept)
        page.documents_asked.connect(self._open_documents)
        page.source_asked.connect(self.viewer.open_source)
        page.document_asked.connect(lambda document: self.viewer.open_document(document.id))
        sidebar.found_chosen.connect(self._show_found)
        self.viewer.opened.connect(self._show_viewer)
        self.collections.listed.connect(
            lambda: self.scope.note_collections(self.collections.collections)
        )
        self.collections.altered.connect(self.scope.refresh)
        self.collections.altered.connect(self.viewer.look_again)
        self.collections.failed.connect(self._tell_of_documents)
        self.work.failed.connect(self._tell_of_documents)
        self.collections.added.connect(self.work.begin)
        self.work.progressed.connect(self.collections.refresh_soon)
        self.downloads.installed.connect(self._note_installed)
        self.status.documents_asked.connect(self._open_documents)
        self.status.ledger_asked.connect(self._open_ledger)
        self.status.network_settings_asked.connect(self._open_network_settings)
        self.status.privacy_asked.connect(self._open_privacy_settings)
        self.network.settings_asked.connect(self._open_network_settings)
        self.network.failed.connect(lambda told: self.notice.tell(told.sentence, kind="warning"))
        self.pill.file_asked.connect(self._choose_file)
        self.pill.models_asked.connect(self._open_models)
        model.failed.connect(self._tell_model_trouble)
        model.changed.connect(self._show_starter_notice)
        model.changed.connect(lambda: self.status.show_confinement(model.confinement))
        model.noted.connect(
            lambda note: self.notice.tell(note, says="Models", act=self._open_models)
        )
        model.shelf_changed.connect(self.shelf.refresh)

    def _show_chat(self) -> None:
        conversation = self.chat.conversation
        self.sidebar.show_current(conversation.id if conversation else None)
        self.status.show_context(self.chat.context)
        self.status.show_speed(self.chat.speed)

    def _open(self, conversation: int, message: int | None) -> None:
        self.chat.open(conversation, message)
        self._focus_composer()

    def _new_chat(self) -> None:
        self.chat.start_new()
        self._focus_composer()

    def _new_temporary(self) -> None:
        self.chat.start_temporary()
        self._focus_composer()

    def _count_down(self, seconds: int) -> None:
        if seconds:
            says = f"Locking in {seconds} s. Move the mouse or press a key to go on."
            self.countdown.tell(says)
        else:
            self.countdown.hide()

    def _read_attached(self) -> None:
        (self.temporary_work if self.chat.is_temporary else self.work).begin()

    def _note_working(self, work: WorkViewModel) -> None:
        if (work is self.temporary_work) is self.chat.is_temporary:
            self.scope.note_working(work.working)

    def _note_kept(self) -> None:
        self.work.begin()  # What was attached is read again, to be kept.
        self.toast.tell("Chat kept")

    def may_close(self) -> bool:
        """Whether nothing is lost by it that somebody might want, or they said so."""
        return self._may_forget_temporary("Close anyway")

    def _may_forget_temporary(self, says: str) -> bool:
        # With words typed in it, or words said.
        is_typing = self.chat.is_temporary and bool(self.chat.draft.strip())
        sentence = ""
        if self.chats.temporary or is_typing:
            sentence = (
                "A temporary chat is open, and will be gone. To have it later, keep it first."
            )
        elif self.chats.chats and not self.lock.is_kept:
            sentence = "These chats are in memory alone, and will be gone."
        if self._may_forget or not sentence:
            return True
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            "Sottovoce",
            sentence,
            QMessageBox.StandardButton.Cancel,
            self,
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        anyway = box.addButton(says, QMessageBox.ButtonRole.AcceptRole)
        box.button(QMessageBox.StandardButton.Cancel).setText("Cancel")
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        self._may_forget = box.clickedButton() is anyway
        return self._may_forget

    def _open_models(self) -> ModelsPage:
        models = self._made_models()
        self._show_page(models)
        models.show_tab(models.tab)
        return models

    def _open_documents(self) -> DocumentsPage:
        documents = self._made_documents()
        self._show_page(documents)
        documents.focus_first()
        self.collections.refresh()
        self.work.begin()
        return documents

    def _made_documents(self) -> DocumentsPage:
        """The page of documents, made when it is first wanted."""
        if self.documents is not None:
            return self.documents
        from sottovoce.ui.library.page import DocumentsPage

        page = DocumentsPage(self.collections, self.work, self.document_models, self._look)
        page.pane.table.sort_as(self._documents_order)
        page.catalogue_asked.connect(self._open_catalogue)
        page.left.connect(self._focus_composer)
        page.view_asked.connect(lambda document: self.viewer.open_document(document.id))
        self._pages.addWidget(page)
        self.documents = page
        return page

    def _open_catalogue(self) -> None:
        self._open_models().show_catalogue()

    def _made_models(self) -> ModelsPage:
        """The page of models, made when it is first wanted."""
        if self.models is not None:
            return self.models
        from sottovoce.ui.models.assembly import models_page

        page = models_page(
            self._profile,
            self._engine,
            self._remote,
            self._tasks,
            self._look,
            settings=self.settings,
            model=self.model,
            shelf=self.shelf,
            downloads=self.downloads,
            network=self.network,
            token=self.token,
        )
        page.show_tab_named(self._models_tab)
        page.left.connect(self._focus_composer)
        page.installed.update_found.connect(self.open_update)
        page.installed.pack_found.connect(self.open_pack)
        self._pages.addWidget(page)
        self.shelf.refresh()
        self.models = page
        return page

    def _show_page(self, page: QWidget) -> None:
        self._pages.setCurrentWidget(page)
        self._share.setVisible(page is self.page)
        if page is self.page:
            self._show_starter_notice()
        elif self.notice.sentence == _STARTER_NOTICE:
            self.notice.hide()  # Its reader is where it leads to.

    def _focus_composer(self) -> None:
        self._show_page(self.page)
        self.page.composer.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _find(self) -> None:
        pane = self.viewer_pane
        if pane is not None and pane.isAncestorOf(self.focusWidget()):
            pane.find_bar.open_bar()
            return
        if self.models is not None and self.models.isVisible():
            self.models.focus_search()
            return
        if self.documents is not None and self._is_in_documents:
            self.documents.focus_search()
            return
        self.page.find_bar.open_bar()

    def _show_viewer(self) -> None:
        if self.viewer_pane is None:
            from sottovoce.ui.viewer.pane import ViewerPane

            self.viewer_pane = ViewerPane(self.viewer, self._look)
            self.viewer_pane.closed.connect(self._close_viewer)
            self.viewer_pane.copied.connect(lambda: self.toast.tell("Copied"))
            self.viewer_pane.asked.connect(self._ask_document)
        self._beside.show_beside(self.viewer_pane)
        self.viewer_pane.focus_page()

    def _show_found(self, found: Found) -> None:
        passage = found.passage
        self.viewer.open_document(passage.document, passage.span.page, (passage,))

    def _ask_document(self, document: Document) -> None:
        self.scope.ask_document(document)
        self._focus_composer()

    def _close_viewer(self) -> None:
        self._beside.hide_other()
        self.viewer.close()
        is_in_chat = self._pages.currentWidget() is self.page
        (self.page.composer if is_in_chat else self._pages).setFocus()

    def _attach(self) -> None:
        self._show_page(self.page)
        self.page.choose_files()

    def _search(self) -> None:
        self._set_sidebar(is_shown=True)
        self.sidebar.focus_search()

    def _rename(self) -> None:
        if self.chat.conversation:
            self._set_sidebar(is_shown=True)
            self.sidebar.rename(self.chat.conversation.id)

    def _delete(self) -> None:
        conversation = self.chat.conversation
        if conversation is None:
            return
        self.chats.delete(conversation.id)
        if conversation.is_temporary and self.chat.conversation is conversation:
            self.chat.start_new()  # It had no words yet, and was not listed.

    def _restore(self) -> None:
        self.toast.hide()
        self.chats.restore()

    def _note_deleted(self, conversation: Conversation) -> None:
        self.replies.stop(conversation.id)
        if self.chat.conversation and self.chat.conversation.id == conversation.id:
            self.chat.start_new()
        if conversation.is_temporary and self.temporary_work.is_begun:
            self._forget_attached_to_temporary()
        if not conversation.is_temporary:  # Of those, nobody learns that they were there.
            self._tasks.ask(lambda: Audit(self._profile).note(Event.CHAT_REMOVED, count=1))
        says = "Temporary chat closed" if conversation.is_temporary else "Chat deleted"
        self.toast.tell(says, self._restore)

    def _forget_attached_to_temporary(self) -> None:
        """Forget what was attached to temporary chats that cannot be brought back any more."""

        def work(_: Stop) -> Iterator[None]:
            forget_orphans(self._store, self.temporary_library)
            yield None

        self._tasks.start(work)

    def _note_installed(self, download: Row) -> None:
        self.shelf.refresh()
        is_in_sight = self.models is not None and self.models.isVisible()
        toast = self.models.toast if self.models and is_in_sight else self.toast
        toast.tell(f"{download.choice.name} is downloaded and checked")

    def _copy_reply(self) -> None:
        replies = [m for m in self.chat.messages if m.role is Role.ASSISTANT]
        if replies:
            QGuiApplication.clipboard().setText(replies[-1].text)
            self.toast.tell("Reply copied")

    def _regenerate(self) -> None:
        messages = self.chat.messages
        if messages and messages[-1].role is Role.ASSISTANT:
            self.chat.regenerate(messages[-1].id)

    def _step(self, step: int) -> None:
        current = self.chat.conversation
        if (found := self.chats.neighbour(current.id if current else None, step)) is not None:
            self._open(found, None)

    def _toggle_sidebar(self) -> None:
        self._set_sidebar(is_shown=not self.is_sidebar_shown)

    def _set_sidebar(self, *, is_shown: bool) -> None:
        self.sidebar.setVisible(is_shown)
        self._show_sidebar.setVisible(not is_shown)

    def _open_settings(self) -> None:
        self._made_settings().open()

    def _open_network_settings(self) -> None:
        dialog = self._made_settings()
        dialog.show_network()
        dialog.open()

    def _open_privacy_settings(self) -> None:
        dialog = self._made_settings()
        dialog.show_privacy()
        dialog.open()

    def backups(self) -> BackupViewModel:
        """What makes backups, also when the settings it was begun in are closed."""
        from sottovoce.ui.backup.view_model import BackupViewModel

        if self._backups is None:
            self._backups = BackupViewModel(self._profile, self._key, self._tasks, self._secrets)
            self._backups.restored.connect(self.lock.lock)
        return self._backups

    def packs(self) -> PacksViewModel:
        """The packs for GPUs, and whether the model in memory knows them yet."""
        from sottovoce.models.bundle.signers import publisher
        from sottovoce.ui.packs.view_model import PacksViewModel

        if self._packs is None:
            self._packs = PacksViewModel(self._profile, self._engine, self._tasks, publisher)
            self._packs.reload_asked.connect(self.model.reload)
            self.model.changed.connect(self._packs.note_load)
        return self._packs

    def _made_settings(self) -> SettingsDialog:
        from sottovoce.ui.settings.backup_card import BackupCard
        from sottovoce.ui.settings.dialog import SettingsDialog
        from sottovoce.ui.settings.packs_card import PacksCard
        from sottovoce.ui.settings.privacy_tab import PrivacyTab
        from sottovoce.ui.settings.protection_view_model import ProtectionViewModel
        from sottovoce.ui.settings.sandbox_card import SandboxCard

        backups = BackupCard(self.backups(), self.settings, self._look)
        sandbox = SandboxCard(self.model.confinement, self._look)
        protection = ProtectionViewModel(self._profile, self._tasks, self._secrets, self.lock.lock)
        packs = PacksCard(self.packs(), self._look)
        packs.install_asked.connect(self._choose_pack)
        dialog = SettingsDialog(
            self.settings,
            self.network,
            self.token,
            self.document_models,
            packs=packs,
            privacy=PrivacyTab(protection, self.lock, backups, sandbox, self._look),
            look=self._look,
            parent=self,
        )
        dialog.catalogue_asked.connect(self._open_catalogue)
        dialog.ledger_asked.connect(lambda: self._open_ledger(dialog))
        return dialog

    def _open_ledger(self, parent: QWidget | None = None) -> None:
        from sottovoce.ui.network.ledger_dialog import LedgerDialog

        LedgerDialog(self.network, self._look, parent or self).open()

    def _show_shortcuts(self) -> None:
        from sottovoce.ui.shortcuts_dialog import ShortcutsDialog

        ShortcutsDialog(self._actions(), self).open()

    def _open_about(self) -> None:
        if dialog := self._made_about():
            dialog.open()

    def _open_licences(self) -> None:
        if dialog := self._made_about():
            dialog.show_licences()
            dialog.open()

    def _made_about(self) -> AboutDialog | None:
        from sottovoce.models.catalogue import catalogue
        from sottovoce.system.notices import read_notices
        from sottovoce.ui.about.dialog import AboutDialog

        try:
            notices, known = read_notices(), catalogue()
        except Problem as problem:
            self.toast.tell(trouble(problem).sentence)
            return None
        return AboutDialog(notices, self.shelf, known, look=self._look, parent=self)

    def _open_commands(self) -> None:
        from sottovoce.ui.commands.palette import Command, CommandPalette

        commands = [
            Command(action.text, action.icon, action.call, action.shortcut)
            for action in self._actions()
            if action.id != "commands"
        ]
        commands += [
            Command(
                chat.title or UNNAMED, "message-square", partial(self._open, chat.id, None), "Chat"
            )
            for chat in self.chats.chats
        ]
        CommandPalette(commands, self._look, self).show()

    def _ask_about_link(self, target: str) -> None:
        from sottovoce.ui.link_dialog import LinkDialog

        LinkDialog(target, self).open()

    def _choose_update(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Install an update", str(Path.home()), f"Updates (*{BUNDLE_SUFFIX} manifest.json)"
        )
        if path:
            self.open_update(Path(path))

    def open_file(self, path: Path) -> None:
        """Answer with this model, or show what is in this bundle."""
        if path.suffix.lower() == BUNDLE_SUFFIX:
            self._open_models().add([path])
        else:
            self.model.choose(path)

    def open_update(self, path: Path) -> None:
        """Show what an update is, and let the user decide."""
        # Late, for start-up: few files are updates.
        from sottovoce.models.bundle.signers import publisher
        from sottovoce.system.application import this_application
        from sottovoce.ui.update.dialog import UpdateDialog
        from sottovoce.ui.update.view_model import UpdateViewModel

        update = UpdateViewModel(
            path,
            self._profile,
            self._tasks,
            application=this_application(),
            publisher=publisher,
        )
        dialog = UpdateDialog(update, self._look, self, can_restart=self.lock.is_kept)
        dialog.restart_asked.connect(self.lock.lock)
        dialog.open()

    def _choose_pack(self) -> None:
        if not self._profile.policy.updates:
            self.toast.tell(SET_BY_ADMINISTRATOR)
            return
        path, _ = QFileDialog.getOpenFileName(
            self, "Install a pack", str(Path.home()), f"Packs (*{BUNDLE_SUFFIX} manifest.json)"
        )
        if path:
            self.open_pack(Path(path))

    def open_pack(self, path: Path) -> None:
        """Show what a pack is, and let the user decide."""
        from sottovoce.ui.packs.dialog import PackDialog

        packs = self.packs()
        PackDialog(packs.opened(path), packs, self._look, self).open()

    def _choose_file(self) -> None:
        model = self.model.model
        folder = str(model.path.parent) if model and not model.is_starter else str(Path.home())
        path, _ = QFileDialog.getOpenFileName(
            self, "Choose a model file", folder, "Models (*.gguf);;All files (*)"
        )
        if path:
            self.model.choose(Path(path))

    def _export(self, form: Format) -> None:
        if not self._profile.policy.export:
            self.toast.tell(SET_BY_ADMINISTRATOR)  # From the list of commands, which has all.
            return
        conversation = self.chat.conversation
        if conversation is None:
            self.toast.tell("This chat has no messages yet")
            return
        words = "".join(c if c.isalnum() or c in " -_" else "_" for c in conversation.title)
        name = f"{words.strip() or 'chat'}{form.suffix}"
        path, _ = QFileDialog.getSaveFileName(self, "Export this chat", str(Path.home() / name))
        if not path:
            return

        def work(_: Stop) -> Iterator[None]:
            self._profile.policy.check_export()
            Audit(self._profile).note(Event.CHAT_EXPORTED, form=form)
            found = self._store.conversation(conversation.id)
            text = export(found, self._store.messages(conversation.id), form)
            write_private(Path(path), text.encode())
            yield None

        self._tasks.start(
            work,
            news=lambda _: self.toast.tell("Chat exported. The file is not encrypted."),
            failed=lambda error: self.toast.tell(trouble(error).sentence),
        )

    def _tell_model_trouble(self, told: Trouble) -> None:
        remedy = Remedy.CHOOSE_MODEL
        act: Callable[[], object] = self._open_models
        if told.remedy is Remedy.OPEN_SETTINGS:
            remedy, act = Remedy.OPEN_SETTINGS, self._open_settings
        self.notice.tell(told.sentence, kind="warning", says=remedy.value, act=act)

    def _tell_of_documents(self, told: Trouble) -> None:
        """Say what is wrong with documents, where their page is not in sight to say it."""
        if not self._is_in_documents:
            act = self._open_documents
            self.notice.tell(told.sentence, kind="warning", says="Documents", act=act)

    def _show_starter_notice(self) -> None:
        model = self.model.model
        is_news = not self.settings.settings.has_met_starter
        is_in_chat = self._pages.currentWidget() is self.page
        if model and model.is_starter and is_news and is_in_chat and self.notice.isHidden():
            self.notice.tell(_STARTER_NOTICE, says="Choose a model…", act=self._open_models)

    def _dismiss_notice(self) -> None:
        if self.notice.sentence == _STARTER_NOTICE:
            self.settings.change(replace(self.settings.settings, has_met_starter=True))

    def _show_figures(self) -> None:
        self.network.look()
        self._tasks.ask(lambda: resident(os.getpid()), self.status.show_memory)

    @property
    def _is_in_documents(self) -> bool:
        """Whether the page of documents is in front."""
        return self.documents is not None and self.documents.isVisible()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = _files(event.mimeData())
        is_for_chat = self._pages.currentWidget() is self.page
        if _models(paths) or (paths and (is_for_chat or self._is_in_documents)):
            event.acceptProposedAction()
            self._show_drop_hint(is_shown=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_drop_hint(is_shown=False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what is dropped for what it was dropped on."""
        self._show_drop_hint(is_shown=False)
        paths = _files(event.mimeData())
        if self._is_in_documents:
            self._open_documents().add(paths)
        elif self._pages.currentWidget() is self.page:
            self._drop_on_chat(paths)
        elif models := _models(paths):
            self._open_models().add(models)

    def _show_drop_hint(self, *, is_shown: bool) -> None:
        """On the page that is in front; the others have none to hide."""
        if self.documents is not None and self._is_in_documents:
            self.documents.show_drop_hint(is_shown=is_shown)
        else:
            in_front = self._pages.currentWidget() is self.page
            self.page.show_drop_hint(is_shown=is_shown and in_front)

    def _drop_on_chat(self, paths: list[Path]) -> None:
        """Have a model answer here; add several; attach all else."""
        models = [path for path in _models(paths) if not path.is_dir() or any(path.glob("*.gguf"))]
        if not models:
            self.chat.attach(paths)
        elif len(models) == 1 and models[0].suffix.lower() == ".gguf":
            self.model.choose(models[0])
        else:
            self._open_models().add(models)


_FORMATS = {Format.MARKDOWN: "Markdown", Format.JSON: "JSON", Format.HTML: "HTML"}


def _give_menu(button: QToolButton, actions: list[QAction]) -> None:
    """Open a menu at a click."""
    menu = rounded(QMenu(button))
    menu.addActions(actions)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setIconSize(QSize(18, 18))


def _files(data: QMimeData) -> list[Path]:
    """The files and folders that are being dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def _models(paths: list[Path]) -> list[Path]:
    """The model files and bundles among them, and the folders that may hold some."""
    kinds = {".gguf", BUNDLE_SUFFIX}
    return [path for path in paths if path.suffix.lower() in kinds or path.is_dir()]
