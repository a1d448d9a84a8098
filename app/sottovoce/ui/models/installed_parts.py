"""The view-models behind the models on this computer."""

from dataclasses import dataclass

from sottovoce.engine.engine import Engine
from sottovoce.models.adapters import AdapterShelf
from sottovoce.system.paths import Profile
from sottovoce.ui.models.adapters_view_model import AdaptersViewModel
from sottovoce.ui.models.details_view_model import DetailsViewModel
from sottovoce.ui.models.fit_view_model import FitViewModel
from sottovoce.ui.models.import_view_model import ImportViewModel
from sottovoce.ui.models.machine_view_model import MachineViewModel
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.models.verify_view_model import VerifyViewModel
from sottovoce.ui.models.view_model import ModelViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks


@dataclass(frozen=True, slots=True)
class InstalledParts:
    """Each knows one thing; the views connect them."""

    shelf: ShelfViewModel
    model: ModelViewModel
    details: DetailsViewModel
    machine: MachineViewModel
    fit: FitViewModel
    verifying: VerifyViewModel
    importing: ImportViewModel
    adapters: AdaptersViewModel


def installed_parts(
    profile: Profile,
    engine: Engine,
    tasks: Tasks,
    *,
    settings: SettingsViewModel,
    model: ModelViewModel,
    shelf: ShelfViewModel,
) -> InstalledParts:
    """Make those that are needed for the page alone."""
    adapters = AdapterShelf(profile.adapters)
    machine = MachineViewModel(engine, tasks, profile.speed)
    return InstalledParts(
        shelf=shelf,
        model=model,
        details=DetailsViewModel(shelf, tasks),
        machine=machine,
        fit=FitViewModel(machine, settings),
        verifying=VerifyViewModel(shelf, tasks),
        importing=ImportViewModel(shelf.shelf, adapters, tasks),
        adapters=AdaptersViewModel(adapters, tasks, settings, shelf),
    )
