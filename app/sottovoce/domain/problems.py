"""What can go wrong that the user can mend: one plain sentence, named for what to do about it."""


class Problem(Exception):
    """A sentence for the user that says what happened and what they can do."""


class Missing(Problem):
    """Something is not where it was: locate it or remove it."""


class Damaged(Problem):
    """The bytes are not what they should be: fetch or restore them."""


class Unsupported(Problem):
    """Sottovoce cannot do this with that: choose another."""


class Refused(Problem):
    """A permission, a password or a policy stands in the way: unlock or allow."""


class Offline(Refused):
    """The network is switched off: switch it on."""


class Unidentified(Refused):
    """The other side wants to know who asks: give it a token, or accept its terms there."""


class Unreachable(Problem):
    """The other side did not answer: try again later."""


class NoRoom(Problem):
    """Memory, disk or context window is too small: free space or choose smaller."""


class Interrupted(Problem):
    """It stopped half-way through nobody's choice: try again."""


class Cancelled(Exception):
    """The user chose to stop. Not a Problem."""
