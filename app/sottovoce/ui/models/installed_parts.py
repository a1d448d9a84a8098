"""The view-models behind the models on this computer."""

from dataclasses import dataclass

from sottovoce.ui.models.adapters_view_model import AdaptersViewModel
from sottovoce.ui.models.bundle_view_model import BundleViewModel
from sottovoce.ui.models.details_view_model import DetailsViewModel
from sottovoce.ui.models.fit_view_model import FitViewModel
from sottovoce.ui.models.import_view_model import ImportViewModel
from sottovoce.ui.models.machine_view_model import MachineViewModel
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.models.verify_view_model import VerifyViewModel
from sottovoce.ui.models.view_model import ModelViewModel


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
    bundle: BundleViewModel
    adapters: AdaptersViewModel
