"""What an administrator decides for everybody on a machine."""

from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.problems import Refused


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules that no user can loosen. One without any changes nothing."""

    banner: str = ""
    """A line that the window always shows, such as a classification."""
    network: bool = True
    """Whether the network switch may be turned on at all."""
    hosts: tuple[str, ...] | None = None
    """The only hosts that may be reached while it is on; None leaves the choice to the user."""
    models: frozenset[str] | None = None
    """SHA-256, in lower-case hex, of the only model files that may be loaded; None allows all."""
    signers: frozenset[str] | None = None
    """Fingerprints of the only signers whose bundles may be installed; None leaves the choice."""
    updates: bool = True
    """Whether the user may install updates and packs, which are programs, from a file."""
    needs_passphrase: bool = False
    """Whether chats must be protected by a passphrase, not by the keyring alone."""
    temporary: bool = True
    """Whether chats may be held that are not kept."""
    lock_after: int | None = None
    """Minutes without input after which the window locks at the latest; None: as the user likes."""
    needs_sandbox: bool = False
    """Whether models and documents are opened only where the system locks a process in fully."""
    retention: int | None = None
    """Days after the last message at which chats are removed for good; None keeps them."""
    export: bool = True
    """Whether chats may be exported, and backups made."""
    api: bool = True
    """Whether other programs may ask, through the local API."""
    shared_models: Path | None = None
    """The folder of models for all users; None is the system's usual place."""
    audit: bool = False
    """Whether what is done, not what is said, is written in the audit log."""

    def check_export(self) -> None:
        """Raise Refused where no chat may leave Sottovoce."""
        if not self.export:
            raise Refused("Your administrator does not allow chats to be exported or backed up.")

    def check_updates(self) -> None:
        """Raise Refused where nobody but administrators installs programs."""
        if not self.updates:
            raise Refused("Your administrator updates Sottovoce; nobody else may do it here.")

    def check_temporary(self) -> None:
        """Raise Refused where no chat may be held that is not kept."""
        if not self.temporary:
            raise Refused("Your administrator does not allow chats that are not kept.")


PASSPHRASE_WANTED = "Your administrator wants a passphrase to protect your chats."  # noqa: S105  A sentence.

NO_RULES = Policy()
"""Each user decides."""
