"""The key of the databases, wrapped so that only what protects it gives it back."""

import hashlib
import hmac
import os
import secrets as random
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from sottovoce.domain.policy import PASSPHRASE_WANTED
from sottovoce.domain.problems import Damaged, Interrupted, Missing, Problem, Refused
from sottovoce.system import slots
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import (
    flush_folder,
    make_private_folder,
    write_private,
    writing_translated,
)
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile
from sottovoce.system.recovery import recovery_secret
from sottovoce.system.secrets import Secrets
from sottovoce.system.slots import (
    Cost,
    KeyringSlot,
    PassphraseSlot,
    Protection,
    RecoverySlot,
    Slot,
    kind,
)
from sottovoce.system.tries import Tries
from sottovoce.system.use import using

KEY_SIZE = 48
"""Bytes: SQLCipher's key of 32 and its salt of 16."""

_DAMAGED = "The file that guards your chats is damaged. Restore it from a backup."
_UNREADABLE = "Sottovoce may not read what guards your chats. Change its permissions."
_PATIENCE = 5.0
"""Seconds for another process that changes the vault, too: a passphrase takes one of them."""

Kind = TypeVar("Kind", bound=Slot)


class _Contents(msgspec.Struct, frozen=True):
    id: str
    slots: tuple[Slot, ...]
    revision: int = 0
    """Grows with every change: of two copies that differ, the one after counts."""
    check: bytes = b""
    """Which key is in the slots; the first vaults, until they are changed, do not tell."""
    version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1


class _File(msgspec.Struct, frozen=True):
    contents: msgspec.Raw
    sha256: str
    """Of the contents as they stand: tells a damaged file from a wrong passphrase."""


class Vault:
    """A folder with two copies of one small file; neither is of use without what protects it.

    Each change is one: a process that is killed leaves the vault as it was before, or after.
    """

    def __init__(
        self,
        folder: Path,
        cost: Cost | None = None,
        *,
        audit: Audit | None = None,
        needs_passphrase: bool = False,
    ) -> None:
        """`cost` is that of passphrases set from now on."""
        self._folder = folder
        self._copies = (folder / "vault.json", folder / "vault-copy.json")
        self._cost = cost or Cost()
        self._audit = audit
        self._needs_passphrase = needs_passphrase
        self._tries = Tries(folder / "tries.json")

    @property
    def exists(self) -> bool:
        """Whether there is a vault, be it damaged. Raises Refused if nobody may look."""
        try:
            return any(copy.exists() for copy in self._copies)
        except OSError as error:
            raise Refused(_UNREADABLE) from error

    @property
    def id(self) -> str:
        """What tells it from all others. Raises Damaged."""
        return self._read().id

    @property
    def protections(self) -> frozenset[Protection]:
        """What can open it; nothing if it does not exist. Raises Damaged."""
        if not self.exists:
            return frozenset()
        return frozenset(kind(slot) for slot in self._read().slots)

    @property
    def secret_name(self) -> str | None:
        """What its secret is called in the keyring; None if it has none there. Raises Damaged."""
        return _secret_name(self._read())

    @property
    def pause(self) -> float:
        """Seconds until the next passphrase may be tried: several wrong ones make it longer."""
        return self._tries.pause

    def create(self, *, secrets: Secrets | None, passphrase: str | None) -> bytes:
        """Make the vault with at least one protection, and return its new key.

        Raises Refused if there is one already, be it made by another process in this very moment,
        or if the keyring does not keep what it is given; NoRoom.
        """
        assert secrets is not None or passphrase is not None
        with using(self._folder.parent):
            if self.exists:
                raise Refused("Your chats are protected already. Open them with what does that.")
            key, id_ = random.token_bytes(KEY_SIZE), random.token_hex(16)
            contents = _Contents(id=id_, slots=(), check=_check(id_, key))
            if secrets is not None:
                contents = _with_slot(contents, _keyring_slot(id_, key, secrets))
            try:
                if passphrase is not None:
                    slot = slots.passphrase_slot(id_, key, passphrase, self._cost)
                    contents = _with_slot(contents, slot)
                files = {copy.name: _encoded(contents) for copy in self._copies}
                make_private_folder(self._folder, files)
            except Problem:
                _let_go(contents, secrets)  # It would never be asked for.
                raise
        self._note_protections()
        return key

    # Opening.

    def open_with_keyring(self, secrets: Secrets) -> bytes:
        """Return the key. Raises Missing if the keyring has nothing for it, Refused, Damaged."""
        contents = self._read()
        slot = _slot(contents.slots, KeyringSlot)
        if slot is None:
            raise Missing(f"Your chats are not protected by the keyring. {_way_out(contents)}")
        wrapping_key = secrets.get(slots.secret_name(slot, contents.id))
        if wrapping_key is None:
            raise Missing(f"The keyring lost the key to your chats. {_way_out(contents)}")
        key = slots.unwrap(slot.key, wrapping_key, contents.id, Protection.KEYRING)
        if key is None:
            self._note(Event.WRONG_KEY, Protection.KEYRING)
            raise Refused(f"The keyring holds another key than your chats'. {_way_out(contents)}")
        self._note(Event.UNLOCKED, Protection.KEYRING)
        self._mend()
        return key

    def open_with_passphrase(self, text: str) -> bytes:
        """Return the key, after a third of a second or more.

        Raises Refused, also while there is a pause, Missing and Damaged.
        """
        contents = self._read()
        slot = _slot(contents.slots, PassphraseSlot)
        if slot is None:
            raise Missing(f"Your chats have no passphrase. {_way_out(contents)}")
        if pause := self.pause:
            raise Refused(f"Several were wrong: wait {pause + 0.5:.0f} s before the next try.")
        wrapping_key = slots.derived(text, slot)
        key = slots.unwrap(slot.key, wrapping_key, contents.id, Protection.PASSPHRASE)
        if key is None:
            self._tries.note_wrong()
            self._note(Event.WRONG_KEY, Protection.PASSPHRASE)
            raise Refused("The passphrase is not right.")
        self._tries.clear()
        self._note(Event.UNLOCKED, Protection.PASSPHRASE)
        self._mend()
        return key

    def open_with_recovery_key(self, typed: str) -> bytes:
        """Return the key. Raises Refused, which tells a mistyped recovery key from a wrong one."""
        secret = recovery_secret(typed)
        contents = self._read()
        slot = _slot(contents.slots, RecoverySlot)
        if slot is None:
            raise Missing(f"No recovery key was made for your chats. {_way_out(contents)}")
        key = slots.opened(slot, contents.id, secret)
        if key is None:
            self._note(Event.WRONG_KEY, Protection.RECOVERY)
            raise Refused("This recovery key is not that of these chats. Use the one made last.")
        self._tries.clear()
        self._note(Event.UNLOCKED, Protection.RECOVERY)
        self._mend()
        return key

    # Changing what opens it.

    def add_passphrase(self, key: bytes, text: str) -> None:
        """Let a passphrase open the vault, in place of the one before.

        Raises Interrupted, as the others that follow, if the key is not the vault's any more.
        """
        self._change(
            lambda contents: _with_slot(
                contents, slots.passphrase_slot(contents.id, key, text, self._cost)
            ),
            key,
        )

    def add_keyring(self, key: bytes, secrets: Secrets) -> None:
        """Let the keyring open the vault, by a new secret in place of the one before.

        Raises Refused if it does not keep what it is given.
        """
        id_ = self._read().id
        made = _keyring_slot(id_, key, secrets)
        try:
            before = self._change(lambda contents: _with_slot(contents, made), key)
        except Problem:
            _let_go(_Contents(id_, (made,)), secrets)
            raise
        _let_go(before, secrets)

    def add_recovery_key(self, key: bytes, text: str) -> None:
        """Let a recovery key that was made by new_recovery_key open it, in place of the last."""
        secret = recovery_secret(text)
        self._change(
            lambda contents: _with_slot(contents, slots.recovery_slot(contents.id, key, secret)),
            key,
        )

    def remove(self, protection: Protection, secrets: Secrets | None = None) -> None:
        """Let something open the vault no more; its secret is removed from the keyring, if given.

        Raises Refused if too little would be left to open it.
        """
        if protection is Protection.PASSPHRASE and self._needs_passphrase:
            raise Refused(PASSPHRASE_WANTED)
        before = self._change(lambda contents: _without(contents, protection))
        if protection is Protection.KEYRING:
            _let_go(before, secrets)

    # Another data key.

    def renewed(
        self, key: bytes, *, passphrase: str | None, secrets: Secrets | None
    ) -> tuple[bytes, bytes]:
        """Return another key, and the vault that gives it to whatever gives this one now.

        That vault is for `settle`. Where a passphrase or the keyring protects this one, it has to
        be given. Raises Refused if it is not right, Interrupted if the key was changed meanwhile.
        """
        contents = self._read()
        _see_that_it_fits(contents, key)
        new = random.token_bytes(KEY_SIZE)
        following = tuple(
            _following(slot, contents.id, old=key, new=new, passphrase=passphrase, secrets=secrets)
            for slot in contents.slots
        )
        changed = msgspec.structs.replace(
            contents,
            slots=following,
            revision=contents.revision + 1,
            check=_check(contents.id, new),
        )
        return new, _encoded(changed)

    # Elsewhere.

    def portable(self) -> bytes:
        """Return the vault as one file that opens elsewhere, too: without this machine's keyring.

        Raises Missing if nothing else would open it.
        """
        contents = self._read()
        kept = tuple(slot for slot in contents.slots if not isinstance(slot, KeyringSlot))
        if not kept:
            raise Missing(
                "Only the keyring of this computer opens your chats, and a backup must open "
                "elsewhere. Set a passphrase or make a recovery key first."
            )
        return _encoded(msgspec.structs.replace(contents, slots=kept))

    def settle(self, portable: bytes) -> None:
        """Make this vault out of what `portable` or `renewed` returned.

        Raises Refused if there is one already, Damaged if it is no vault, and NoRoom.
        """
        _decoded(portable)
        make_private_folder(self._folder, {copy.name: portable for copy in self._copies})

    # Never again.

    def destroy(self, secrets: Secrets | None = None) -> None:
        """Lose what opens it: its secret in the keyring, if given, and all copies of it.

        They are written over first. A solid-state disk may keep what was there; it then takes a
        passphrase, or the paper. Raises NoRoom or Refused; it can be called again then.
        """
        with suppress(Damaged):
            _let_go(self._read(), secrets)
        with writing_translated():
            for copy in self._folder.glob("vault*"):  # Also those that a kill left unfinished.
                with copy.open("rb+") as file:
                    file.write(random.token_bytes(copy.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
                copy.unlink()
            flush_folder(self._folder)

    def _read(self) -> _Contents:
        return self._whole()[1]

    def _whole(self) -> tuple[bytes, _Contents]:
        """The newest copy that is well, as it stands in its file and what it says."""
        well = []
        is_unreadable = False
        for copy in self._copies:
            try:
                content = copy.read_bytes()
                well.append((content, _decoded(content)))
            except PermissionError:
                is_unreadable = True
            except (OSError, Damaged):
                continue  # The other copy may be well.
        if well:
            return max(well, key=lambda each: each[1].revision)
        if is_unreadable:
            raise Refused(_UNREADABLE)
        raise Damaged(_DAMAGED)

    def _mend(self) -> None:
        """Write a copy that is missing, damaged or older anew, from the one that has opened."""
        for copy in self._copies:
            with suppress(OSError, Problem):  # Where nothing may be written, one has to do.
                content = self._whole()[0]
                if copy.exists() and copy.read_bytes() == content:
                    continue
                with using(self._folder.parent), locked(self._lock, _PATIENCE) as is_ours:
                    if is_ours:
                        write_private(copy, self._whole()[0])

    def _change(
        self, change: Callable[[_Contents], _Contents], key: bytes | None = None
    ) -> _Contents:
        """Change the vault, if `key` is still what it guards; return what it was before."""
        with using(self._folder.parent), locked(self._lock, _PATIENCE) as is_ours:
            if not is_ours:
                raise Interrupted("Another Sottovoce is changing what opens your chats. Try again.")
            before = self._read()
            if key:
                _see_that_it_fits(before, key)
            following = msgspec.structs.replace(change(before), revision=before.revision + 1)
            if key:
                following = msgspec.structs.replace(following, check=_check(before.id, key))
            for copy in self._copies:
                write_private(copy, _encoded(following))
            with writing_translated():
                for unfinished in self._folder.glob("vault*.tmp"):
                    unfinished.unlink()  # Of who was killed: it would open with what did then.
        self._note_protections()
        return before

    def _note_protections(self) -> None:
        if self._audit is not None:
            self._audit.note(Event.PROTECTION_CHANGED, opens=" ".join(sorted(self.protections)))

    def _note(self, event: Event, by: Protection) -> None:
        if self._audit is not None:
            self._audit.note(event, by=by)

    @property
    def _lock(self) -> Path:
        return self._folder / "lock"


def vault_of(profile: Profile) -> Vault:
    """The vault that guards what is kept in a profile. What is done with it is noted."""
    needs_passphrase = profile.policy.needs_passphrase
    return Vault(profile.vault, audit=Audit(profile), needs_passphrase=needs_passphrase)


def _encoded(contents: _Contents) -> bytes:
    encoded = msgspec.json.encode(contents)
    return msgspec.json.encode(_File(msgspec.Raw(encoded), hashlib.sha256(encoded).hexdigest()))


def _decoded(content: bytes) -> _Contents:
    """What a copy says. Raises Damaged."""
    try:
        file = msgspec.json.decode(content, type=_File)
        if hashlib.sha256(file.contents).hexdigest() != file.sha256:
            raise Damaged(_DAMAGED)
        return msgspec.json.decode(file.contents, type=_Contents)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(_DAMAGED) from error


def _check(vault: str, key: bytes) -> bytes:
    return hmac.digest(key, f"sottovoce vault 1|{vault}|check".encode(), "sha256")


def _see_that_it_fits(contents: _Contents, key: bytes) -> None:
    """Raise Interrupted if another key was put into the vault since this one came out of it."""
    if contents.check and not hmac.compare_digest(contents.check, _check(contents.id, key)):
        raise Interrupted("The key of your chats was just changed. Open them anew.")


def _slot(among: Iterable[Slot], wanted: type[Kind]) -> Kind | None:
    return next((slot for slot in among if isinstance(slot, wanted)), None)


def _with_slot(contents: _Contents, slot: Slot) -> _Contents:
    others = tuple(other for other in contents.slots if type(other) is not type(slot))
    return msgspec.structs.replace(contents, slots=(*others, slot))


def _without(contents: _Contents, protection: Protection) -> _Contents:
    kept = tuple(slot for slot in contents.slots if kind(slot) is not protection)
    left = {kind(slot) for slot in kept}
    if left <= {Protection.RECOVERY}:
        raise Refused("Nothing else would open your chats. Add the keyring or a passphrase first.")
    if protection is not Protection.KEYRING and left == {Protection.KEYRING}:
        raise Refused(
            "Only the keyring would open your chats, and keyrings get lost. "
            "Keep a recovery key or a passphrase beside it."
        )
    return msgspec.structs.replace(contents, slots=kept)


def _following(
    slot: Slot,
    vault: str,
    *,
    old: bytes,
    new: bytes,
    passphrase: str | None,
    secrets: Secrets | None,
) -> Slot:
    """The slot with the new data key in it, once what opens it has proved to be the right thing."""
    match slot:
        case RecoverySlot():
            return slots.resealed(slot, vault, old=old, new=new)
        case PassphraseSlot():
            if passphrase is None:
                raise Refused("A passphrase protects your chats. Type it to change the key.")
            wrapping_key = slots.derived(passphrase, slot)
            if slots.unwrap(slot.key, wrapping_key, vault, Protection.PASSPHRASE) != old:
                raise Refused("The passphrase is not right.")
            return slots.rewrapped(slot, vault, new, wrapping_key)
        case KeyringSlot():
            kept = secrets.get(slots.secret_name(slot, vault)) if secrets else None
            if kept is None or slots.unwrap(slot.key, kept, vault, Protection.KEYRING) != old:
                raise Refused(
                    "The keyring does not open your chats just now. "
                    "Unlock it, or remove it from what protects them."
                )
            return slots.keyring_slot(vault, new, kept, slot.name)


def _way_out(contents: _Contents) -> str:
    match {kind(slot) for slot in contents.slots}:
        case kinds if Protection.PASSPHRASE in kinds:
            return "Type the passphrase."
        case kinds if Protection.RECOVERY in kinds:
            return "Use the recovery key."
        case kinds if Protection.KEYRING in kinds:
            return "Open them where their keyring is, or restore it from a backup."
    return "Restore them from a backup."


def _keyring_slot(vault: str, key: bytes, secrets: Secrets) -> KeyringSlot:
    wrapping_key = random.token_bytes(32)
    slot = slots.keyring_slot(vault, key, wrapping_key, random.token_hex(16))
    name = slots.secret_name(slot, vault)
    secrets.set(name, wrapping_key)
    if secrets.get(name) != wrapping_key:
        raise Refused("The system's keyring does not keep what it is given. Use a passphrase.")
    return slot


def _secret_name(contents: _Contents) -> str | None:
    slot = _slot(contents.slots, KeyringSlot)
    return slots.secret_name(slot, contents.id) if slot else None


def _let_go(contents: _Contents, secrets: Secrets | None) -> None:
    """Remove from the keyring what opened a vault that is no more."""
    name = _secret_name(contents)
    if name and secrets is not None:
        with suppress(Problem):  # Without the vault, it opens nothing.
            secrets.delete(name)
