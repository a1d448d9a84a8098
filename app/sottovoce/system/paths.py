"""Where Sottovoce keeps what it writes, and finds what it brought along."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Damaged, Refused

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Profile:
    """The one folder that holds everything Sottovoce writes, and the rules it is used under.

    Whoever is handed a profile obeys its policy: there is no way to forget it.
    """

    folder: Path
    policy: Policy = NO_RULES

    @property
    def database(self) -> Path:
        return self.folder / "sottovoce.db"

    @property
    def documents(self) -> Path:
        """The database of the documents that were made searchable."""
        return self.folder / "documents.db"

    @property
    def documents_lock(self) -> Path:
        """Locked by the process that reads documents."""
        return self.folder / "documents.lock"

    @property
    def vault(self) -> Path:
        """The folder of the vault that guards the database's key."""
        return self.folder / "vault"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def downloads(self) -> Path:
        """What is being downloaded, one folder each."""
        return self.models / "downloads"

    @property
    def adapters(self) -> Path:
        return self.folder / "adapters"

    @property
    def network(self) -> Path:
        """The network switch, and the hosts that may be reached."""
        return self.folder / "network.json"

    @property
    def ledger(self) -> Path:
        """Every connection that was made or refused."""
        return self.folder / "network.jsonl"

    @property
    def speed(self) -> Path:
        """How fast this machine was when it was measured."""
        return self.folder / "speed.json"

    @property
    def appearance(self) -> Path:
        return self.folder / "appearance.json"

    @property
    def scratch(self) -> Path:
        """Where backups are put together and taken apart."""
        return self.folder / "scratch"

    @property
    def scratch_lock(self) -> Path:
        """Locked by the process that has something there."""
        return self.folder / "scratch.lock"

    @property
    def restored(self) -> Path:
        """What was restored from a backup, until it takes the place of what there is."""
        return self.folder / "restored"

    @property
    def exchange(self) -> Path:
        """The journal of that."""
        return self.folder / "exchange.json"

    @property
    def kept(self) -> Path:
        """What was there before, a folder for each time."""
        return self.folder / "kept"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"


def profile(data_dir: Path | None, policy: Policy = NO_RULES) -> Profile:
    """Return the profile in `data_dir`, or in the user's data folder; made private if need be.

    Raises Refused if the folder cannot be made.
    """
    folder = data_dir or platformdirs.user_data_path("Sottovoce", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused("Sottovoce's folder cannot be made there. Choose another place.") from error
    return Profile(folder.absolute(), policy)


def shared_models() -> Path:
    """Return the folder whose models all users of this machine share. It need not be there."""
    return platformdirs.site_data_path("Sottovoce", appauthor=False) / "models"


def resource(name: str) -> Path:
    """Return where a file that came with Sottovoce is, such as "icons/stop.svg". Raises Damaged."""
    # Installed or frozen, the resources are inside the package; in a checkout, beside `app`.
    for folder in (_PACKAGE / "resources", _PACKAGE.parents[1] / "resources"):
        path = folder / name
        if path.exists():
            return path
    raise Damaged("A part of Sottovoce is missing. Install it again.")
