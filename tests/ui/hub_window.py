"""The parts of the window that reach a hub, on a real queue and a hub on loopback."""

from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from fakes import MemorySecrets, ScriptedEngine
from models.downloading import REPOSITORY, SINGLE
from sottovoce.models.download import Choice, ChosenFile
from sottovoce.models.downloads import Downloads
from sottovoce.models.remote import Remote
from sottovoce.models.shelf import Shelf
from sottovoce.system.network.switch import NetworkSettings, write_switch
from sottovoce.system.network.token import HubToken
from sottovoce.system.paths import Profile
from sottovoce.ui.models.catalogue_view_model import CatalogueViewModel
from sottovoce.ui.models.downloads_view_model import DownloadsViewModel, Row
from sottovoce.ui.models.machine_view_model import MachineViewModel
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.network.token_view_model import TokenViewModel
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.tasks import Tasks

Wanted = TypeVar("Wanted", bound=QWidget)

CHOICE = Choice("Small", REPOSITORY, (ChosenFile(SINGLE),))


@dataclass(frozen=True)
class HubWindow:
    """View-models as the window has them."""

    network: NetworkViewModel
    token: TokenViewModel
    secrets: MemorySecrets
    shelf: ShelfViewModel
    downloads: DownloadsViewModel
    catalogue: CatalogueViewModel

    def row(self) -> Row:
        """The only download there is."""
        (row,) = self.downloads.rows
        return row


def hub_window(
    qtbot: QtBot, profile: Profile, tasks: Tasks, *, endpoint: str, is_on: bool
) -> HubWindow:
    """The view-models, in a profile whose switch stands like this."""
    write_switch(profile.network, NetworkSettings(on=is_on, endpoint=endpoint))
    secrets = MemorySecrets()
    token = HubToken(profile, lambda: secrets)
    remote = Remote(profile, token.get)
    network = NetworkViewModel(profile, tasks)
    shelf = ShelfViewModel(Shelf(profile.models), tasks)
    downloads = DownloadsViewModel(Downloads(profile, remote), tasks, network)
    downloads.installed.connect(lambda _: shelf.refresh())
    downloads.rested.connect(network.rest)
    machine = MachineViewModel(ScriptedEngine(), tasks, profile.speed)
    catalogue = CatalogueViewModel(
        remote, tasks, machine=machine, shelf=shelf, downloads=downloads, network=network
    )
    with qtbot.waitSignal(network.changed):
        network.look()
    return HubWindow(
        network, TokenViewModel(token, network, tasks), secrets, shelf, downloads, catalogue
    )


def shown(parent: QWidget, kind: type[Wanted]) -> Wanted:
    """The one dialog or panel of this kind that is open over `parent`."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    (found,) = (each for each in parent.findChildren(kind) if each.isVisible())
    return found


def none_shown(parent: QWidget) -> bool:
    """Whether no dialog is open over `parent`."""
    return not any(dialog.isVisible() for dialog in parent.findChildren(QDialog))
