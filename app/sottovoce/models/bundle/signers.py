"""Whose bundles are installed here, and how new the last ones were."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from sottovoce.domain.problems import Damaged, Missing, Refused
from sottovoce.models.bundle.minisign import (
    PublicKey,
    is_fingerprint,
    public_key,
    public_key_in,
)
from sottovoce.models.bundle.reading import Bundle
from sottovoce.system.files import write_private
from sottovoce.system.paths import Profile, resource

_LARGEST = 1_000_000
"""Bytes; thousands of signers come to less."""
_PUBLISHER = "publisher.pub"
"""The resource that a release is built with."""


@dataclass(frozen=True, slots=True)
class Line:
    """The bundles of one name."""

    name: str
    sequence: int
    """Of the newest that was installed."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody whose bundles are installed."""

    key: str
    """As `PublicKey.line` has it."""
    since: datetime
    lines: tuple[Line, ...] = ()

    @property
    def public_key(self) -> PublicKey:
        """Raises Damaged."""
        return public_key(self.key)


class UnknownSigner(Refused):
    """Nobody has trusted this signer yet: compare the fingerprint, and trust it."""


def publisher() -> PublicKey | None:
    """Who signs what replaces this program; None where it was built without a publisher's key.

    Raises Damaged: a key that cannot be read is not the same as none.
    """
    try:
        place = resource(_PUBLISHER)
    except Damaged:
        return None
    return public_key_in(place.read_bytes())


class Signers:
    """A list in a small file. It reads when it is asked, and remembers nothing."""

    def __init__(self, profile: Profile) -> None:
        self._path = profile.signers
        self._allowed = profile.policy.signers

    def all(self) -> tuple[Signer, ...]:
        """Those that are trusted, the first one first. Raises Damaged, or Refused."""
        try:
            with self._path.open("rb") as file:
                return msgspec.json.decode(file.read(_LARGEST), type=tuple[Signer, ...])
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Refused("Sottovoce may not read whom you trust. Allow it to.") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Damaged(
                "The list of signers that you trust is damaged. Remove signers.json from "
                "Sottovoce's folder, and trust them again."
            ) from error

    def find(self, key: PublicKey) -> Signer | None:
        """What is known of the owner of this key; None if it is not trusted."""
        there = self.all() if self._is_allowed(key) else ()
        return next((each for each in there if each.key == key.line), None)

    def trust(self, key: PublicKey) -> None:
        """Install what bears this signature from now on. Raises NoRoom or Refused."""
        self._check_allowed(key)
        if self.find(key) is None:
            self._write((*self.all(), Signer(key.line, datetime.now(UTC))))

    def forget(self, typed: str) -> PublicKey:
        """Trust the owner of this fingerprint no more. Raises Missing, NoRoom or Refused."""
        there = self.all()
        for signer in there:
            if is_fingerprint(typed, signer.public_key):
                self._write(tuple(each for each in there if each != signer))
                return signer.public_key
        raise Missing("No signer of this fingerprint is trusted. See: sottovoce bundle key show")

    def check_code(self, bundle: Bundle, only: PublicKey | None) -> None:
        """Return if what is in the bundle may be run: `only` that publisher's, if there is one.

        Whom somebody trusts with models is not thereby trusted with the program. Where there is no
        publisher, the signer has to be trusted. Raises UnknownSigner or Refused.
        """
        self._check_allowed(bundle.signer)
        if only is None:
            self._check_known(bundle.signer)
        elif bundle.signer != only:
            raise Refused(
                "This was not signed by the publisher of this Sottovoce, but by "
                f"{bundle.signer.fingerprint}. Get it from where you got Sottovoce."
            )

    def check(self, bundle: Bundle) -> None:
        """Return if the bundle may be installed, as far as its signer and its age go.

        Raises UnknownSigner, or Refused if a newer one of its line is installed already, or the
        policy does not allow its signer.
        """
        self._check_allowed(bundle.signer)
        signer = self._check_known(bundle.signer)
        manifest = bundle.manifest
        for line in signer.lines:
            if line.name == manifest.name and line.sequence > manifest.sequence:
                raise Refused(
                    "A newer bundle of this name was installed before. Ask the signer for the "
                    "newest."
                )

    def note(self, bundle: Bundle) -> None:
        """Remember that it was installed. Raises NoRoom or Refused."""
        manifest = bundle.manifest
        self._write(
            tuple(
                replace(each, lines=_with(each.lines, Line(manifest.name, manifest.sequence)))
                if each.key == bundle.signer.line
                else each
                for each in self.all()
            )
        )

    def _check_known(self, key: PublicKey) -> Signer:
        signer = self.find(key)
        if signer is None:
            raise UnknownSigner(
                f"The signer of this bundle is not trusted here: {key.fingerprint}. "
                "Compare this fingerprint with the one that the signer told you, and trust it."
            )
        return signer

    def _check_allowed(self, key: PublicKey) -> None:
        if not self._is_allowed(key):
            raise Refused(
                f"Your administrator does not allow this signer: {key.fingerprint}. "
                "`sottovoce policy show` tells which are allowed."
            )

    def _is_allowed(self, key: PublicKey) -> bool:
        return self._allowed is None or key.fingerprint in self._allowed

    def _write(self, signers: tuple[Signer, ...]) -> None:
        write_private(self._path, msgspec.json.encode(signers))


def _with(lines: tuple[Line, ...], newest: Line) -> tuple[Line, ...]:
    return (*(line for line in lines if line.name != newest.name), newest)
