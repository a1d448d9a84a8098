"""What the answers of a hub mean to the person who asked."""

from collections.abc import Mapping

from sottovoce.domain.problems import Missing, Problem, Refused, Unidentified, Unreachable

NO_NAME = "That is no name of a repository. It looks like owner/model-GGUF."


def problem_of(
    status: int, headers: Mapping[str, str], repository: str, *, knows_us: bool
) -> Problem:
    """The Problem behind an answer of 400 and above.

    `headers` are found in upper or lower case. `repository` is empty where a search was refused.
    `knows_us`: whether a token went along.
    """
    what = repository or "what was asked for"
    match status, headers.get("X-Error-Code", ""):
        case 401 | 403, "GatedRepo" if knows_us:
            return Unidentified(
                f"Your account on the hub may not have {what} yet. Accept its terms on its web "
                "page there, or wait until its authors let you in."
            )
        case 401 | 403, "GatedRepo":
            return Unidentified(
                f"{what} is for those who accepted its terms. Accept them on its web page on the "
                "hub, make an access token in your account there, and give it to Sottovoce."
            )
        case 404, "EntryNotFound":
            return Missing(f"{what} has no such file any more. Choose another.")
        case 404, "RevisionNotFound":
            return Missing(f"{what} has no such version any more. Choose the newest.")
        case (404, _) | (401 | 403, "RepoNotFound"):
            return Missing(f"The hub has no {what}, or hides it. Check how it is written.")
        case 401, _:
            return Unidentified(
                "The hub does not know your access token. Make a new one in your account there, "
                "and give it to Sottovoce."
            )
        case 407, _:
            return Refused("The proxy of this computer wants a password. Ask who runs it.")
        case 403 | 451, _:
            return Refused(f"The hub does not hand out {what}. Choose another.")
        case 429, _:
            return Unreachable(f"The hub is asked too often from here. {_when(headers)}")
        case _ if status >= 500 or status == 408:
            return Unreachable("The hub has troubles of its own. Try again later.")
    return Refused(f"The hub does not understand what it was asked for ({status}).")


def _when(headers: Mapping[str, str]) -> str:
    wait = headers.get("Retry-After", "")
    if not (wait.isascii() and wait.isdecimal()) or int(wait[:9]) > 86_400:
        return "Try again later."
    seconds = int(wait)
    return f"Try again in {seconds} s." if seconds < 120 else f"Try again in {seconds // 60} min."
