"""Builds the page of models, and connects its tabs with each other."""

from sottovoce.engine.engine import Engine
from sottovoce.models.adapters import AdapterShelf
from sottovoce.models.remote import Remote
from sottovoce.system.paths import Profile
from sottovoce.ui.models.adapters_view_model import AdaptersViewModel
from sottovoce.ui.models.bundle_view_model import BundleViewModel
from sottovoce.ui.models.catalogue_tab import CatalogueTab
from sottovoce.ui.models.catalogue_view_model import CatalogueViewModel
from sottovoce.ui.models.details_view_model import DetailsViewModel
from sottovoce.ui.models.downloads_tab import DownloadsTab
from sottovoce.ui.models.downloads_view_model import DownloadsViewModel
from sottovoce.ui.models.fit_view_model import FitViewModel
from sottovoce.ui.models.import_view_model import ImportViewModel
from sottovoce.ui.models.installed import InstalledTab
from sottovoce.ui.models.installed_parts import InstalledParts
from sottovoce.ui.models.machine_view_model import MachineViewModel
from sottovoce.ui.models.page import ModelsPage, Tab
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.models.verify_view_model import VerifyViewModel
from sottovoce.ui.models.view_model import ModelViewModel
from sottovoce.ui.network.token_view_model import TokenViewModel
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look


def models_page(
    profile: Profile,
    engine: Engine,
    remote: Remote,
    tasks: Tasks,
    look: Look,
    *,
    settings: SettingsViewModel,
    model: ModelViewModel,
    shelf: ShelfViewModel,
    downloads: DownloadsViewModel,
    network: NetworkViewModel,
    token: TokenViewModel,
) -> ModelsPage:
    """The page on the view-models of the window, and on those that it alone needs."""
    machine = MachineViewModel(engine, tasks, profile.speed)
    adapters = AdapterShelf(profile.adapters, profile.policy)
    installed = InstalledTab(
        InstalledParts(
            shelf=shelf,
            model=model,
            details=DetailsViewModel(shelf, tasks, profile.policy),
            machine=machine,
            fit=FitViewModel(machine, settings),
            verifying=VerifyViewModel(shelf, tasks),
            importing=ImportViewModel(shelf.shelf, adapters, tasks),
            bundle=BundleViewModel(profile, tasks),
            adapters=AdaptersViewModel(adapters, tasks, settings, shelf),
        ),
        look,
    )
    catalogue = CatalogueTab(
        CatalogueViewModel(
            remote,
            tasks,
            machine=machine,
            shelf=shelf,
            downloads=downloads,
            network=network,
            policy=profile.policy,
        ),
        network,
        token,
        look,
    )
    waiting = DownloadsTab(downloads, network, token, look)

    page = ModelsPage(installed, catalogue, waiting, look)
    machine.measuring_changed.connect(model.note_end)
    installed.catalogue_asked.connect(lambda: page.show_tab(Tab.CATALOGUE))
    installed.done.connect(page.toast.tell)
    catalogue.downloads_asked.connect(lambda: page.show_tab(Tab.DOWNLOADS))
    catalogue.begun.connect(lambda name: page.toast.tell(f"{name} is being downloaded"))
    catalogue.use_asked.connect(model.choose)
    waiting.catalogue_asked.connect(lambda: page.show_tab(Tab.CATALOGUE))
    waiting.use_asked.connect(model.choose)
    downloads.listed.connect(lambda: page.show_under_way(downloads.under_way))
    page.show_under_way(downloads.under_way)
    return page
