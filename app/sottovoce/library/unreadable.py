"""Why a file cannot be read, when the operating system says so."""

from sottovoce.domain.problems import Damaged, Missing, Problem, Refused


def why_unreadable(error: OSError | ValueError) -> Problem:
    """The Problem that it is for the user. A ValueError is of a path that no file can have."""
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return Missing("The file is not where it was. Put it back, or remove it here.")
        case PermissionError() | ValueError():
            return Refused("This file may not be read. Change its permissions.")
        case _:
            return Damaged("The disk could not read this file. Restore it from a copy.")
