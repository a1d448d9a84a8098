"""From a start to opened chats."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Missing, Problem, Refused, Unreachable
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.system.paths import Profile
from sottovoce.ui.tasks import Tasks

if TYPE_CHECKING:
    # Late, for start-up: the database and the ciphers are loaded in the background.
    from sottovoce.library.library import Library
    from sottovoce.store.store import Store
    from sottovoce.system.secrets import Secrets


class Step(Enum):
    """What the person sees."""

    OPENING = auto()
    CHOOSE_PASSPHRASE = auto()
    ENTER_PASSPHRASE = auto()
    ENTER_RECOVERY_KEY = auto()
    CHOOSE_ANEW = auto()
    """The recovery key was right; something else has to open the chats from now on."""
    LOCKED = auto()
    """The keyring would open them, once it is asked."""
    CHANGING_KEY = auto()
    STUCK = auto()


@dataclass(frozen=True, slots=True)
class Opened:
    """Chats that can be read and written, and the documents beside them."""

    store: Store
    settings: Settings
    library: Library
    """The documents; its process starts when it is first asked."""
    is_temporary: bool = False
    """Whether they are forgotten when the window closes."""
    key: bytes = field(default=b"", repr=False)
    """What they are kept under; empty if they are not kept."""
    interrupted: int | None = None
    """The conversation in which a reply broke off when the application ended, if there is one."""
    note: str = ""
    """What is to be told once they are on screen."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The person has to say something first."""

    step: Step
    sentence: str = ""
    is_wrong_try: bool = False
    pause: float = 0.0
    """Seconds before the next passphrase may be tried."""
    has_keyring: bool = False
    """Whether the keyring would open them, too; or could, where something is to be chosen."""


@dataclass(frozen=True, slots=True)
class _Recovered:
    """The recovery key was right, or the keyring, where the policy is not content with that."""

    key: bytes = field(repr=False)
    has_keyring: bool


@dataclass(frozen=True, slots=True)
class _Renewing:
    """The chats could be opened, but their key is to be changed before."""

    key: bytes = field(repr=False)
    passphrase: str | None = field(repr=False)


_Outcome = Opened | _Asked | _Recovered | _Renewing


class UnlockViewModel(QObject):
    """Finds the key: keyring, what was given with the start, or the person."""

    changed = Signal()
    opened = Signal(object)
    restore_asked = Signal()
    """A backup is to take the place of what is here, or of nothing."""

    def __init__(
        self,
        profile: Profile,
        tasks: Tasks,
        *,
        secrets: Callable[[], Secrets | None],
        passphrase: str | None,
        is_locked: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_locked`: the window has locked itself, and opens nothing before it is asked to."""
        super().__init__()
        self._profile = profile
        self._tasks = tasks
        self._secrets = secrets
        self._given = None if is_locked else passphrase
        self._is_locked = is_locked
        self._has_keyring = False
        self._clock = clock
        self._may_try_at = 0.0
        self._has_recovery_key = False
        self._recovered = b""
        """The key, while something else to open the chats with is chosen."""
        self._renewing: Stop | None = None
        self._progress = 0.0
        self._step = Step.OPENING
        self._sentence = ""

    @property
    def step(self) -> Step:
        return self._step

    @property
    def sentence(self) -> str:
        """What went wrong, if anything did."""
        return self._sentence

    @property
    def is_locked(self) -> bool:
        """Whether the window has locked itself, rather than just begun."""
        return self._is_locked

    @property
    def has_keyring(self) -> bool:
        """Whether the keyring would open the chats, besides what is asked for."""
        return self._has_keyring

    @property
    def has_recovery_key(self) -> bool:
        """Whether a recovery key would open the chats."""
        return self._has_recovery_key

    @property
    def progress(self) -> float:
        """How far the change of the key is, from 0 to 1."""
        return self._progress

    @property
    def seconds_to_wait(self) -> float:
        """How long until the next passphrase may be tried: several wrong ones make it longer."""
        return max(0.0, self._may_try_at - self._clock())

    def start(self) -> None:
        """Open the chats without asking, if that is possible; if they are locked, ask."""
        if self._is_locked:
            self._work(lambda: _stay_locked(self._profile, self._secrets))
            return
        self.open_without_asking()

    def open_without_asking(self) -> None:
        """Open the chats by the keyring, or by what was given along, where that is possible."""
        given, self._given = self._given, None
        self._work(lambda: _open_without_asking(self._profile, self._secrets, given))

    def create(self, passphrase: str) -> None:
        """Protect new chats with this passphrase, and open them."""
        self._work(lambda: _open_without_asking(self._profile, lambda: None, passphrase))

    def enter(self, passphrase: str) -> None:
        """Try this passphrase."""
        if self.seconds_to_wait > 0:
            return
        self._work(lambda: _open_with_passphrase(self._profile, passphrase))

    @property
    def needs_passphrase(self) -> bool:
        """Whether administrators want one, also where there is a keyring."""
        return self._profile.policy.needs_passphrase

    @property
    def may_be_temporary(self) -> bool:
        """Whether chats may be held that are not kept."""
        return self._profile.policy.temporary

    def ask_for_recovery_key(self) -> None:
        """Have the recovery key typed instead."""
        self._ask(_Asked(Step.ENTER_RECOVERY_KEY))

    def recover(self, typed: str) -> None:
        """Try this recovery key."""
        self._work(lambda: _recover(self._profile, self._secrets, typed))

    def choose_anew(self, passphrase: str | None) -> None:
        """Let this passphrase, or the keyring, open the chats from now on, and open them."""
        key = self._recovered
        self._work(lambda: _protect_anew(self._profile, self._secrets, key, passphrase))

    def stop_renewing(self) -> None:
        """Leave the key as it is."""
        if self._renewing is not None:
            self._renewing.set()

    def go_on_without_saving(self) -> None:
        """Open chats that live in memory. What is on the disk is not touched."""
        self._work(lambda: _open_temporary(self._profile))

    def stick(self, error: BaseException) -> None:
        """Say that the chats cannot be shown: in the words of a Problem, else without details."""
        if not isinstance(error, Problem):
            error = Problem(
                "Something went wrong inside Sottovoce. Nothing in your chats was changed."
            )
        self._ask(_Asked(Step.STUCK, str(error)))

    def _work(self, open_them: Callable[[], _Outcome]) -> None:
        self._step, self._sentence = Step.OPENING, ""
        self.changed.emit()

        def work(_: Stop) -> Iterator[_Outcome | bool]:
            yield _has_recovery_key(self._profile)
            yield open_them()

        self._tasks.start(work, news=self._take, failed=self._fail)

    def _take(self, outcome: _Outcome | bool) -> None:
        match outcome:
            case bool():
                self._has_recovery_key = outcome
            case Opened():
                self._recovered = b""
                self.opened.emit(outcome)
            case _Asked():
                self._ask(outcome)
            case _Recovered():
                self._recovered = outcome.key
                self._ask(_Asked(Step.CHOOSE_ANEW, has_keyring=outcome.has_keyring))
            case _Renewing():
                self._renew(outcome)

    def _renew(self, renewing: _Renewing) -> None:
        """Change the key, and open the chats: whatever comes of it, they are under one of both."""
        self._step, self._progress = Step.CHANGING_KEY, 0.0
        self.changed.emit()
        passphrase, note = renewing.passphrase, ""

        def open_them() -> None:
            if passphrase is None:
                self._work(lambda: _open_with_keyring(self._profile, self._secrets, note))
            else:
                self._work(lambda: _open_with_passphrase(self._profile, passphrase, note))

        def fail(error: Exception) -> None:
            nonlocal note
            note = f"The key was not changed. {error if isinstance(error, Problem) else ''}"
            if not isinstance(error, Problem):
                self._tasks.crashed.emit(error)

        def take(news: float | str) -> None:
            nonlocal note
            if isinstance(news, str):
                note = news
            else:
                self._progress = news
                self.changed.emit()

        self._renewing = self._tasks.start(
            lambda stop: _renewed(self._profile, self._secrets, renewing, stop),
            news=take,
            failed=fail,
            ended=open_them,
        )

    def _ask(self, asked: _Asked) -> None:
        self._step, self._sentence = asked.step, asked.sentence
        if asked.pause:
            self._may_try_at = self._clock() + asked.pause
        self._has_keyring = asked.has_keyring or (self._has_keyring and asked.is_wrong_try)
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
        self.stick(error)


def _has_recovery_key(profile: Profile) -> bool:
    # Late, for start-up: see above.
    from sottovoce.system.slots import Protection
    from sottovoce.system.vault import vault_of

    try:
        return Protection.RECOVERY in vault_of(profile).protections
    except Problem:
        return False  # It is told when the vault is opened.


def _stay_locked(profile: Profile, secrets: Callable[[], Secrets | None]) -> _Outcome:
    """What it takes to unlock. The keyring is not asked: it may open to anybody at the keyboard."""
    # Late, for start-up: see above.
    from sottovoce.system.slots import Protection
    from sottovoce.system.vault import vault_of

    vault = vault_of(profile)
    if not vault.exists:  # Everything was forgotten: there is nothing to lock.
        return _open_without_asking(profile, secrets, None)
    if Protection.PASSPHRASE not in vault.protections:
        return _Asked(Step.LOCKED)
    has_keyring = Protection.KEYRING in vault.protections
    return _Asked(Step.ENTER_PASSPHRASE, pause=vault.pause, has_keyring=has_keyring)


def _open_without_asking(
    profile: Profile, secrets: Callable[[], Secrets | None], given: str | None
) -> _Outcome:
    # Late, for start-up: see above.
    from sottovoce.system.slots import Protection
    from sottovoce.system.vault import vault_of

    # Looked at before the vault: a command line that begins this profile makes them after it.
    has_chats = profile.database.exists() or profile.documents.exists()
    vault = vault_of(profile)
    if not vault.exists:
        if has_chats:
            raise Missing(
                "What you kept is here, but the vault with its key is not. "
                "Restore it from a backup."
            )
        keyring = None if profile.policy.needs_passphrase else secrets()
        if keyring is None and given is None:
            return _Asked(Step.CHOOSE_PASSPHRASE)
        try:
            key = vault.create(secrets=keyring, passphrase=given)
        except Refused:
            if not vault.exists:
                raise
            # A command line made it in the same moment: it is opened like any other.
        else:
            return _open(profile, key)
    can_be_typed = Protection.PASSPHRASE in vault.protections
    if given is not None and can_be_typed:
        return _open_with_passphrase(profile, given)
    if Protection.KEYRING not in vault.protections:
        return _Asked(Step.ENTER_PASSPHRASE, pause=vault.pause)
    try:
        return _open_with_keyring(profile, secrets)
    except (Missing, Refused, Unreachable) as problem:
        if not can_be_typed:
            raise
        return _Asked(Step.ENTER_PASSPHRASE, str(problem), pause=vault.pause)


def _open_with_keyring(
    profile: Profile, secrets: Callable[[], Secrets | None], note: str = ""
) -> _Outcome:
    # Late, for start-up: see above.
    from sottovoce.system.slots import Protection
    from sottovoce.system.vault import vault_of

    keyring = secrets()
    if keyring is None:
        raise Refused("The keyring of this computer does not answer. Unlock it and try again.")
    vault = vault_of(profile)
    key = vault.open_with_keyring(keyring)
    if profile.policy.needs_passphrase and Protection.PASSPHRASE not in vault.protections:
        return _Recovered(key, has_keyring=False)
    if not profile.key_wish.exists():
        return _open(profile, key, note)
    if Protection.PASSPHRASE in vault.protections:
        sentence = "To change the key, the passphrase is needed, too."
        return _Asked(Step.ENTER_PASSPHRASE, sentence, pause=vault.pause)
    return _Renewing(key, None)


def _open_with_passphrase(profile: Profile, passphrase: str, note: str = "") -> _Outcome:
    # Late, for start-up: see above.
    from sottovoce.system.vault import vault_of

    vault = vault_of(profile)
    try:
        key = vault.open_with_passphrase(passphrase)
    except Refused as problem:
        sentence = str(problem)
        return _Asked(Step.ENTER_PASSPHRASE, sentence, is_wrong_try=True, pause=vault.pause)
    if profile.key_wish.exists():
        return _Renewing(key, passphrase)
    return _open(profile, key, note)


def _recover(
    profile: Profile, secrets: Callable[[], Secrets | None], typed: str
) -> _Asked | _Recovered:
    # Late, for start-up: see above.
    from sottovoce.system.vault import vault_of

    try:
        key = vault_of(profile).open_with_recovery_key(typed)
    except Refused as problem:
        return _Asked(Step.ENTER_RECOVERY_KEY, str(problem))
    has_keyring = not profile.policy.needs_passphrase and secrets() is not None
    return _Recovered(key, has_keyring=has_keyring)


def _protect_anew(
    profile: Profile, secrets: Callable[[], Secrets | None], key: bytes, passphrase: str | None
) -> _Outcome:
    # Late, for start-up: see above.
    from sottovoce.system.vault import vault_of

    vault = vault_of(profile)
    keyring = secrets() if passphrase is None else None
    try:
        if passphrase is not None:
            vault.add_passphrase(key, passphrase)
        elif keyring is not None:
            vault.add_keyring(key, keyring)
        else:
            raise Refused("The keyring of this computer does not answer. Choose a passphrase.")
    except (Refused, Unreachable) as problem:
        return _Asked(Step.CHOOSE_ANEW, str(problem))
    return _open(profile, key)


def _renewed(
    profile: Profile, secrets: Callable[[], Secrets | None], renewing: _Renewing, stop: Stop
) -> Iterator[float | str]:
    # Late, for start-up: see above.
    from sottovoce.store.rekey import change_key

    # First: whatever comes of it, the next start must not wait for it.
    profile.key_wish.unlink(missing_ok=True)
    for news in change_key(
        profile, renewing.key, stop, passphrase=renewing.passphrase, secrets=secrets()
    ):
        yield news.done / news.total
    yield "The key was changed."


def _open(profile: Profile, key: bytes, note: str = "") -> Opened:
    # Late, for start-up: see above.
    from sottovoce.library.process import ProcessLibrary
    from sottovoce.store.store import open_store

    store = open_store(profile.database, key)
    try:
        recovered = store.recover()
        interrupted = recovered[-1].conversation if recovered else None
        library = ProcessLibrary(profile, key)
        return Opened(store, store.settings(), library, interrupted=interrupted, key=key, note=note)
    except BaseException:
        store.close()
        raise


def _open_temporary(profile: Profile) -> Opened:
    # Late, for start-up: see above.
    from sottovoce.library.process import ProcessLibrary
    from sottovoce.store.store import open_store

    profile.policy.check_temporary()
    library = ProcessLibrary(profile, None)
    return Opened(open_store(None, b""), Settings(), library, is_temporary=True)
