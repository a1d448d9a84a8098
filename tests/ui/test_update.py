import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from models.bundling import KEY
from models.updating import NEWER, application_archive, update
from sottovoce import __version__
from sottovoce.models.bundle.minisign import PublicKey
from sottovoce.models.bundle.signers import Signers
from sottovoce.models.remote import Remote
from sottovoce.system.application import Application
from sottovoce.system.paths import Profile
from sottovoce.system.renewal import Start
from sottovoce.ui.application import Session, WindowParts
from sottovoce.ui.models.bundle_dialog import BundleDialog
from sottovoce.ui.shell import Shell
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.view_model import Step
from sottovoce.ui.update.dialog import UpdateDialog
from sottovoce.ui.update.view_model import UpdateViewModel
from system.renewing import OLD, installed, waiting, write_application
from ui.hub_window import shown
from ui.models_page import opened, press

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has its own installer.")

Open = Callable[..., UpdateDialog]


@pytest.fixture
def application(tmp_path: Path) -> Application:
    write_application(tmp_path / "place" / "sottovoce", OLD)
    return installed(tmp_path / "place" / "sottovoce")


@pytest.fixture
def show(
    qtbot: QtBot, shell: Shell, profile: Profile, tasks: Tasks, look: Look, application: Application
) -> Open:
    """The dialog on a file."""

    def show(
        path: Path,
        application: Application | None = application,
        publisher: PublicKey | None = KEY.public,
    ) -> UpdateDialog:
        model = UpdateViewModel(
            path, profile, tasks, application=application, publisher=lambda: publisher
        )
        dialog = UpdateDialog(model, look, shell, can_restart=True)
        dialog.show()
        return dialog

    return show


def test_an_update_is_shown_installed_and_used_after_a_restart(
    qtbot: QtBot, show: Open, application: Application, tmp_path: Path
) -> None:
    dialog = show(update(tmp_path, application_archive(tmp_path)))
    qtbot.waitUntil(lambda: dialog.heading == f"Sottovoce {NEWER}")
    assert __version__ in [each.text() for each in dialog.findChildren(QLabel)]
    press(qtbot, dialog.go_on)
    qtbot.waitUntil(lambda: dialog.heading.endswith("is ready"))
    assert waiting(application) == NEWER
    with qtbot.waitSignal(dialog.restart_asked):
        press(qtbot, dialog.go_on)


def test_closing_it_before_it_is_ready_leaves_nothing(
    qtbot: QtBot, show: Open, application: Application, tmp_path: Path
) -> None:
    dialog = show(update(tmp_path, application_archive(tmp_path)))
    qtbot.waitUntil(lambda: dialog.go_on.isEnabled() and dialog.go_on.isVisible())
    press(qtbot, dialog.go_on)
    press(qtbot, dialog.leave)
    folder = application.folder
    qtbot.waitUntil(lambda: list(folder.parent.iterdir()) == [folder])


def test_why_it_cannot_be_installed_is_told(qtbot: QtBot, show: Open, tmp_path: Path) -> None:
    dialog = show(update(tmp_path, application_archive(tmp_path, platform="macos-arm64")))
    qtbot.waitUntil(lambda: "for macos-arm64" in dialog.trouble)
    assert dialog.heading == "This update cannot be installed"
    assert not dialog.go_on.isVisible()


def test_what_does_not_start_is_told_and_can_be_left(
    qtbot: QtBot, show: Open, tmp_path: Path
) -> None:
    dialog = show(update(tmp_path, application_archive(tmp_path, says="broken")))
    qtbot.waitUntil(dialog.go_on.isVisible)
    press(qtbot, dialog.go_on)
    qtbot.waitUntil(lambda: "nothing was changed" in dialog.trouble)
    assert dialog.go_on.isVisible()


def test_without_a_publisher_the_signers_fingerprint_is_asked_for(
    qtbot: QtBot, show: Open, profile: Profile, tmp_path: Path
) -> None:
    dialog = show(update(tmp_path, application_archive(tmp_path)), publisher=None)
    qtbot.waitUntil(dialog.fingerprint.isVisible)
    assert not dialog.go_on.isEnabled()
    qtbot.keyClicks(dialog.fingerprint, KEY.public.fingerprint)
    press(qtbot, dialog.go_on)
    qtbot.waitUntil(lambda: dialog.heading == f"Sottovoce {NEWER}")
    assert Signers(profile).find(KEY.public)


def test_where_the_system_installs_it_the_command_is_shown(
    qtbot: QtBot, show: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: tmp_path / "downloads")
    package = tmp_path / "sottovoce_99.0.0_amd64.deb"
    package.write_bytes(b"a package")
    system = Application(Path("/opt/sottovoce"), Path("sottovoce"), OLD)
    monkeypatch.setattr("sottovoce.models.bundle.update.this_platform", lambda: "linux-x86_64")
    dialog = show(update(tmp_path, package), system)
    qtbot.waitUntil(lambda: dialog.go_on.text() == "Get the file")
    press(qtbot, dialog.go_on)
    qtbot.waitUntil(dialog.other.isVisible)
    press(qtbot, dialog.go_on)
    command = f"sudo dpkg --install {tmp_path / 'downloads' / package.name}"
    assert QGuiApplication.clipboard().text() == command


def test_an_update_that_is_opened_as_a_bundle_is_known_for_what_it_is(
    qtbot: QtBot, shell: Shell, profile: Profile, tmp_path: Path
) -> None:
    Signers(profile).trust(KEY.public)
    page = opened(qtbot, shell)
    page.add([update(tmp_path, application_archive(tmp_path))])
    qtbot.waitUntil(lambda: bool(shell.findChildren(UpdateDialog)))
    dialog = shown(shell, UpdateDialog)
    qtbot.waitUntil(lambda: dialog.heading == f"Sottovoce {NEWER}")
    assert not [each for each in shell.findChildren(BundleDialog) if each.isVisible()]


class Told(Start):
    """Whether somebody said that an update works."""

    worked = False

    def succeeded(self) -> None:
        self.worked = True


@pytest.fixture
def begin(qtbot: QtBot, profile: Profile, look: Look) -> Callable[[str | None], Session]:
    """A window as an update has it that is being tried."""

    def begin(passphrase: str | None) -> Session:
        parts = WindowParts(
            profile, ScriptedEngine(), lambda: None, Remote(profile), passphrase, start=Told()
        )
        session = Session(parts, look)
        qtbot.addWidget(session.window)
        session.start()
        return session

    return begin


def worked(session: Session) -> bool:
    start = session._parts.start
    assert isinstance(start, Told)
    return start.worked


def test_an_update_works_once_it_has_shown_the_chats(
    qtbot: QtBot, begin: Callable[[str | None], Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sottovoce.ui.application._TRIED_MILLISECONDS", 1)
    session = begin("seven quiet words behind a heavy door")
    qtbot.waitUntil(lambda: worked(session))
    assert session.shell is not None
    session.close()


def test_an_update_works_if_it_asks_for_a_passphrase_and_is_closed(
    qtbot: QtBot, begin: Callable[[str | None], Session]
) -> None:
    session = begin(None)
    qtbot.waitUntil(lambda: session.unlock.step is Step.CHOOSE_PASSPHRASE)
    session.close()
    assert worked(session)


@pytest.mark.parametrize("goes_on", [False, True])
def test_an_update_that_cannot_open_the_chats_does_not_work_though_others_can_be_held(
    qtbot: QtBot, profile: Profile, begin: Callable[[str | None], Session], *, goes_on: bool
) -> None:
    profile.database.write_bytes(b"chats, and no vault with their key")
    session = begin(None)
    qtbot.waitUntil(lambda: session.unlock.step is Step.STUCK)
    if goes_on:
        session.unlock.go_on_without_saving()
        qtbot.waitUntil(lambda: session.shell is not None)
    session.close()
    assert not worked(session)


def test_the_action_asks_for_a_file(
    qtbot: QtBot, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = update(tmp_path, application_archive(tmp_path))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    shell.actions_by_id["update"].trigger()
    dialog = shown(shell, UpdateDialog)
    qtbot.waitUntil(dialog.fingerprint.isVisible)
