"""The real window, in which hostile texts stand wherever the text of others can stand.

Started as a program of its own, `python hostile_window.py BAIT HOST`, it writes how many texts it
has shown. With `control` after these it shows one as Qt would take it by itself.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QTableView, QToolTip, QWidget

from fakes import ScriptedEngine
from hostile_contents import CONTENTS
from sottovoce.domain.conversation import State
from sottovoce.domain.document import Document, DocumentState, Format, Page
from sottovoce.domain.settings import Appearance, Scheme, Settings
from sottovoce.domain.text import encodable
from sottovoce.models.remote import Remote
from sottovoce.store.store import Store, open_store
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.paths import Profile
from sottovoce.ui.link_dialog import LinkDialog
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.unlock.view_model import Opened
from sottovoce.ui.viewer.text_view import TextView
from sottovoce.ui.widgets.parts import label
from ui.library_script import NOW, ScriptedLibrary

_LONGEST_NAME = 200


def main(bait: str, host: str, *control: str) -> int:
    app = QApplication(["sottovoce"])
    if control:
        _draw(QLabel(f'<img src="{bait}">'))
        return 0
    NetworkGate().close()
    texts = [each.replace("{bait}", bait).replace("{host}", host) for each in CONTENTS.values()]
    look = Look(app, Scheme.LIGHT)
    library = ScriptedLibrary()
    tasks = Tasks()
    with TemporaryDirectory() as folder, open_store(None, b"") as store:
        profile = Profile(Path(folder))
        shell = Shell(
            Opened(store, Settings(), library),
            ScriptedEngine(),
            tasks,
            profile=profile,
            remote=Remote(profile),
            secrets=lambda: None,
            look=look,
            appearance=Appearance(),
        )
        shell.resize(1000, 700)
        shell.show()
        shell.start()
        for text in texts:
            _show_chat(shell, store, text)
            _show_by_itself(shell, look, text)
        _show_documents(shell, library, texts)
        shell.close_down()
        tasks.close()
    sys.stdout.write(f"{len(texts)}\n")
    return 0


def _show_chat(shell: Shell, store: Store, text: str) -> None:
    """As the title of a chat, in a message, in a reply, on the clipboard, and behind links."""
    text = encodable(text)
    chat = store.new_conversation(text)
    said = store.say(chat.id, text, None)
    reply = store.begin_reply(chat.id, said.id, text[:_LONGEST_NAME])
    store.finish_reply(reply.id, State.COMPLETE, text=text, finish=None, usage=None, timings=None)
    shell.chats.refresh()
    shell.chat.open(chat.id)
    transcript = shell.page.transcript
    while reply.id not in [message.id for message in transcript.messages]:
        QCoreApplication.processEvents()
    _draw(shell)
    transcript.select_all()
    transcript.copy()
    for control in transcript.controls():
        QToolTip.showText(QPoint(), tip(control.name), transcript)
        if control.address:
            _draw(LinkDialog(control.address, shell))


def _show_by_itself(shell: Shell, look: Look, text: str) -> None:
    """As a name, as a tooltip, as an address, as a page of a document, and as a notice."""
    name = label(text[:_LONGEST_NAME], wraps=True)
    name.setToolTip(tip(text[:_LONGEST_NAME]))
    QToolTip.showText(QPoint(), name.toolTip(), name)
    _draw(name)
    _draw(LinkDialog(text, shell))
    page = TextView(look)
    page.show_page(Page(1, encodable(text)), Format.TEXT, ())
    _draw(page)
    shell.notice.tell(text[:_LONGEST_NAME], kind="warning")


def _show_documents(shell: Shell, library: ScriptedLibrary, texts: Sequence[str]) -> None:
    """As names of a collection and of documents, in their rows and tooltips."""
    names = [encodable(text[:_LONGEST_NAME]).replace("\0", "") for text in texts]
    for number, name in enumerate(names):
        library.new_collection(f"{name} {number}")
    first = library.collections()[0]
    library.put(
        *(
            Document(
                id=number,
                collection=first.id,
                path=Path("/", name),
                size=1,
                modified=NOW,
                added=NOW,
                state=DocumentState.FAILED,
                title=name,
                trouble=name,
            )
            for number, name in enumerate(names, start=1)
        )
    )
    shell.actions_by_id["documents"].trigger()
    table = shell.findChild(QTableView)
    assert table is not None
    while table.model().rowCount() < len(names):
        QCoreApplication.processEvents()
    _draw(shell)
    for row in range(len(names)):
        says = table.model().index(row, 0).data(Qt.ItemDataRole.ToolTipRole)
        QToolTip.showText(QPoint(), says, table)
        QCoreApplication.processEvents()


def _draw(widget: QWidget) -> None:
    widget.show()
    QCoreApplication.processEvents()
    widget.grab()
    if not isinstance(widget, Shell):
        widget.hide()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
