"""Where Sottovoce keeps what it writes, and finds what it brought along."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Damaged, Refused

_PACKAGE = Path(__file__).parents[1]
_NOT_THERE = "Sottovoce's folder cannot be made there. Choose another place."
_NOT_BESIDE = (
    "Sottovoce is portable and may not write where it lies. Allow it to, or name another folder "
    "with --data-dir."
)


@dataclass(frozen=True, slots=True)
class Profile:
    """The one folder that holds everything Sottovoce writes, and the rules it is used under.

    Whoever is handed a profile obeys its policy: there is no way to forget it.
    """

    folder: Path
    policy: Policy = NO_RULES
    is_portable: bool = False
    """Whether it travels with the application from machine to machine."""

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
    def packs(self) -> Path:
        """Libraries for GPUs, a folder for each pack, which only `models.packs` fills."""
        return self.folder / "packs"

    @property
    def downloads(self) -> Path:
        """What is being downloaded, one folder each."""
        return self.models / "downloads"

    @property
    def shared_models(self) -> Path:
        """The folder whose models all users of this machine share. It need not be there."""
        return self.policy.shared_models or shared_models()

    @property
    def adapters(self) -> Path:
        return self.folder / "adapters"

    @property
    def signers(self) -> Path:
        """Those whose bundles are installed."""
        return self.folder / "signers.json"

    @property
    def signing_key(self) -> Path:
        """The key that signs bundles made here, under a passphrase of its own."""
        return self.folder / "signing.key"

    @property
    def network(self) -> Path:
        """The network switch, and the hosts that may be reached."""
        return self.folder / "network.json"

    @property
    def ledger(self) -> Path:
        """Every connection that was made or refused."""
        return self.folder / "network.jsonl"

    @property
    def audit(self) -> Path:
        """What was done, where the policy wants that noted."""
        return self.folder / "audit.jsonl"

    @property
    def fingerprints(self) -> Path:
        """The SHA-256 of model files that were loaded, where the policy wants to know them."""
        return self.folder / "fingerprints.json"

    @property
    def speed(self) -> Path:
        """How fast this machine was when it was measured."""
        return self.folder / "speed.json"

    @property
    def appearance(self) -> Path:
        return self.folder / "appearance.json"

    @property
    def cache(self) -> Path:
        """What can be made again, and is private to nobody: the list of the system's fonts."""
        return self.folder / "cache"

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
    def superseded(self) -> Path:
        """What was there before and is not to be kept, until it is removed."""
        return self.folder / "superseded"

    @property
    def forgotten(self) -> Path:
        """The vault that is to be destroyed, with everything it opens."""
        return self.folder / "forgotten"

    @property
    def key_wish(self) -> Path:
        """Is there if the key is to be changed when the chats are opened next."""
        return self.folder / "change-key"

    @property
    def trial(self) -> Path:
        """Is there while an update is in use that has not yet worked with this profile."""
        return self.folder / "trial"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"


def profile(data_dir: Path | None, policy: Policy = NO_RULES) -> Profile:
    """Return the profile in `data_dir`, or beside a portable application, or in the user's folder.

    It is made, for its owner alone, if need be. Raises Refused if it cannot be made.
    """
    beside = None if data_dir else _beside_portable()
    folder = data_dir or beside or platformdirs.user_data_path("Sottovoce", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(_NOT_BESIDE if beside else _NOT_THERE) from error
    if beside and not os.access(folder, os.W_OK):
        raise Refused(_NOT_BESIDE)
    return Profile(folder.absolute(), policy, is_portable=beside is not None)


def _beside_portable() -> Path | None:
    """The folder for everything, if a file named `portable` lies beside the installed program."""
    if not getattr(sys, "frozen", False):
        return None
    program = Path(sys.executable).resolve()
    # On a Mac, the program is deep inside of what a person sees as the application.
    bundle = next((each for each in program.parents if each.suffix == ".app"), program)
    return bundle.parent / "data" if (bundle.parent / "portable").exists() else None


def shared_models() -> Path:
    """Return where the system would have that folder, if no policy says otherwise."""
    return platformdirs.site_data_path("Sottovoce", appauthor=False) / "models"


def resource(name: str) -> Path:
    """Return where a file that came with Sottovoce is, such as "icons/stop.svg". Raises Damaged."""
    # Installed or frozen, the resources are inside the package; in a checkout, beside `app`.
    for folder in (_PACKAGE / "resources", _PACKAGE.parents[1] / "resources"):
        path = folder / name
        if path.exists():
            return path
    raise Damaged("A part of Sottovoce is missing. Install it again.")
