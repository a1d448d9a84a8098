"""The passphrase a user hands over along with the command."""

from pathlib import Path

from sottovoce.domain.problems import Missing, Refused

_LONGEST = 65_536
"""Characters: some files never end."""


def given_passphrase(environment: str | None, file: Path | None) -> str | None:
    """The passphrase the user gave; the file wins, since it was named for this command."""
    if file is None:
        return environment or None
    try:
        with file.open(encoding="utf-8") as lines:
            passphrase = lines.readline(_LONGEST).rstrip("\n")
    except FileNotFoundError as error:
        raise Missing("The passphrase file is not there. Check its name.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("The passphrase file cannot be read. Check its permissions.") from error
    if not passphrase:
        raise Missing("The passphrase file is empty. Write the passphrase on its first line.")
    return passphrase
