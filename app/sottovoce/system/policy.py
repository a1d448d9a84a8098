"""The policy of this computer: a file that administrators write, and nobody else.

It is read once, before anything else is done. What cannot be understood closes the program: a rule
that was misspelt is a rule all the same.
"""

import hashlib
import os
import re
import stat
import sys
import tomllib
import unicodedata
from pathlib import Path
from typing import Annotated

import msgspec

from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Damaged, Missing, Refused
from sottovoce.system.network.switch import pattern_named

_LARGEST = 1_000_000
"""Bytes."""
_LONGEST_BANNER = 200
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_SIGNER = re.compile(r"[A-Z2-7]{32}")
"""The fingerprint of a signer, without what stands between its groups."""
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.+)`")
_WRONG = re.compile(r"(?P<why>.+) - at `\$\.(?P<key>\w+).*`", re.DOTALL)
_WORDS = {
    " | null": "",
    "`bool`": "true or false",
    "`str`": "a text in quotes",
    "`int`": "a whole number",
    "`array`": "a list in brackets",
    "`float`": "a fraction",
    "`object`": "a table",
}
"""What kinds of values are called by people who write such files."""
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH

_AtLeastOne = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules under the names that Policy has for them."""

    banner: str = ""
    network: bool = True
    hosts: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    signers: tuple[str, ...] | None = None
    updates: bool = True
    needs_passphrase: bool = False
    temporary: bool = True
    lock_after: _AtLeastOne | None = None
    needs_sandbox: bool = False
    retention: _AtLeastOne | None = None
    export: bool = True
    api: bool = True
    shared_models: str | None = None
    audit: bool = False


class _Wrong(Exception):
    """What is wrong with one of the rules."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key


def policy_place() -> Path:
    """Where the policy of this computer is, if there is one. No user can say otherwise."""
    if sys.platform == "win32":
        folder = _program_data() / "Sottovoce"
    elif sys.platform == "darwin":
        folder = Path("/Library/Application Support/Sottovoce")
    else:
        folder = Path("/etc/sottovoce")
    return folder / "policy.toml"


def policy_in_force(tried: Path | None = None, *, place: Path | None = None) -> Policy:
    """What is allowed here: the policy of this computer, or that in `tried` where there is none.

    `place` is where to look instead of the usual one. Raises Refused if the file cannot be trusted
    or `tried` comes beside it, Damaged if it cannot be understood, Missing if `tried` is not there.
    """
    place = place or policy_place()
    if _is_there(place):
        if tried is not None:
            raise Refused(
                f"This computer has a policy in {place}, so none can be tried out. "
                "Leave out --policy."
            )
        _check_owners(place)
        return read_policy(place)
    return NO_RULES if tried is None else read_policy(tried)


def read_policy(path: Path) -> Policy:
    """What a policy file says, whoever wrote it. Raises Missing, Refused or Damaged."""
    text = _text(path)
    try:
        return _policy(msgspec.convert(tomllib.loads(text), _File))
    except msgspec.ValidationError as error:
        wrong = _told(str(error))
        raise _damaged(path, f"{wrong.key}{_line_of(wrong.key, text)}: {wrong}") from error
    except _Wrong as wrong:
        raise _damaged(path, f"{wrong.key}{_line_of(wrong.key, text)}: {wrong}") from wrong
    except (ValueError, RecursionError) as error:  # Of TOML; also of a number without end.
        raise _damaged(path, str(error)) from error


def fingerprint(policy: Policy) -> str:
    """SHA-256 of the rules, which tells policies apart."""
    rules = msgspec.json.encode(policy, enc_hook=os.fspath, order="deterministic")
    return hashlib.sha256(rules).hexdigest()


def _is_there(place: Path) -> bool:
    """Whether there is something in the place, be it a link to nothing. Raises Refused."""
    try:
        place.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(place) from error
    return True


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise _damaged(path, "it is too large")
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError as error:
        raise Missing(f"There is no policy in {path}. Name a file that is there.") from error
    except OSError as error:
        raise _unreadable(path) from error
    except UnicodeDecodeError as error:
        raise _damaged(path, "it is not text in UTF-8") from error


def _policy(file: _File) -> Policy:
    """The rules as they are used. Raises _Wrong."""
    return Policy(
        banner=_banner(file.banner),
        network=file.network,
        hosts=None if file.hosts is None else tuple(map(_host, file.hosts)),
        models=None if file.models is None else frozenset(map(_fingerprint, file.models)),
        signers=None if file.signers is None else frozenset(map(_signer, file.signers)),
        updates=file.updates,
        needs_passphrase=file.needs_passphrase,
        temporary=file.temporary,
        lock_after=file.lock_after,
        needs_sandbox=file.needs_sandbox,
        retention=file.retention,
        export=file.export,
        api=file.api,
        shared_models=None if file.shared_models is None else _folder(file.shared_models),
        audit=file.audit,
    )


def _banner(text: str) -> str:
    # A newline or an override of the direction would show something else than what stands there.
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} for letter in text):
        raise _Wrong("banner", "it has to be one line without control characters")
    if len(text) > _LONGEST_BANNER:
        raise _Wrong("banner", f"it has to be shorter than {_LONGEST_BANNER} characters")
    return text.strip()


def _host(name: str) -> str:
    try:
        return pattern_named(name)
    except Refused as error:
        raise _Wrong("hosts", f"{name!r} is no name of a host") from error


def _fingerprint(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise _Wrong("models", f"{text!r} is no SHA-256, which has 64 digits from 0 to f")
    return text.lower()


def _signer(text: str) -> str:
    letters = re.sub(r"[ -]", "", text).upper()
    if not _SIGNER.fullmatch(letters):
        raise _Wrong("signers", f"{text!r} is no fingerprint, which has 8 groups of 4")
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _folder(text: str) -> Path:
    path = Path(text)
    if "\0" in text or not path.is_absolute():
        raise _Wrong("shared_models", f"{text!r} is no full path of a folder")
    return path


def _told(message: str) -> _Wrong:
    """What a failed conversion means, in plain words."""
    if unknown := _UNKNOWN.match(message):
        return _Wrong(unknown["key"], "there is no such rule")
    wrong = _WRONG.fullmatch(message)
    key, why = (wrong["key"], wrong["why"]) if wrong else ("a rule", message)
    for kind, words in _WORDS.items():
        why = why.replace(kind, words)
    return _Wrong(key, why[0].lower() + why[1:])


def _line_of(key: str, text: str) -> str:
    """Where a rule stands, such as " in line 3"; empty if it is written in an unusual way."""
    rule = re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[].=]")
    for number, line in enumerate(text.split("\n"), start=1):
        if rule.match(line):
            return f" in line {number}"
    return ""


def _damaged(path: Path, why: str) -> Damaged:
    return Damaged(
        f"The policy in {path} cannot be obeyed, so nothing is opened until it is mended ({why})."
    )


def _unreadable(path: Path) -> Refused:
    return Refused(
        f"The policy in {path} cannot be read, so nothing is opened. "
        "Ask an administrator to let all users read it."
    )


def _check_owners(place: Path) -> None:
    """Raises Refused where somebody else than administrators could have written the policy."""
    try:
        file = place.resolve(strict=True)
        trusted = all(_is_administrators(path) for path in {place.parent, file.parent, file})
    except OSError as error:
        raise _unreadable(place) from error
    if not trusted:
        raise Refused(
            f"The policy in {place} is not in the hands of administrators alone, so nothing is "
            "opened. File and folder must be theirs, and writable by nobody else."
        )


if sys.platform == "win32":
    import ctypes

    _COMMON_APPDATA = 0x23
    _FILE_OBJECT, _OWNER = 1, 1
    _LOCAL_SYSTEM, _ADMINISTRATORS = 22, 26

    def _program_data() -> Path:
        """As the system has it: the environment is the user's to change."""
        name = ctypes.create_unicode_buffer(1024)
        ctypes.windll.shell32.SHGetFolderPathW(None, _COMMON_APPDATA, None, 0, name)
        return Path(name.value or "C:\\ProgramData")

    def _is_administrators(path: Path) -> bool:
        """Whether it belongs to administrators, and whoever runs this may not write it unless one.

        Raises OSError.
        """
        owner, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
        security = ctypes.windll.advapi32
        failed = security.GetNamedSecurityInfoW(
            str(path),
            _FILE_OBJECT,
            _OWNER,
            ctypes.byref(owner),
            *(None, None, None),
            ctypes.byref(descriptor),
        )
        if failed:
            raise ctypes.WinError(failed)
        try:
            if not any(
                security.IsWellKnownSid(owner, kind) for kind in (_LOCAL_SYSTEM, _ADMINISTRATORS)
            ):
                return False
        finally:
            ctypes.windll.kernel32.LocalFree(descriptor)
        if path.is_dir() or ctypes.windll.shell32.IsUserAnAdmin():
            return True
        try:
            os.close(os.open(path, os.O_WRONLY))
        except PermissionError:
            return True
        return False

else:

    def _is_administrators(path: Path) -> bool:
        """Whether it is root's, and nobody else may write it. Raises OSError."""
        found = path.stat()
        # In a folder where each may remove only what is his, others cannot touch what is root's.
        is_sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        return found.st_uid == 0 and bool(is_sticky or not found.st_mode & _OTHERS_MAY_WRITE)
