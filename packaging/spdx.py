"""Licences as SPDX writes them: "MIT AND (Apache-2.0 OR GPL-2.0-only)"."""

import re
from collections.abc import Sequence

_REFUSED = ("GPL-", "AGPL-", "SSPL-", "CC-BY-NC", "CC-BY-ND")
"""What these begin with would bind Sottovoce, too. An exception, such as GCC's, takes that away."""
_SIMPLE = ("Apache-2.0", "Unlicense", "CC0-1.0")
"""Those whose text names nobody, the best first."""


def allowed(expression: str) -> str | None:
    """The licence without the alternatives that are not shipped; None if there is no other."""
    alternatives = []
    for alternative in _split(expression, "OR"):
        parts = _split(alternative, "AND")
        kept = [_allowed_part(part) for part in parts]
        if None not in kept:
            alternatives.append(" AND ".join(map(str, kept)))
    return " OR ".join(alternatives) or None


def needed(expression: str) -> list[str]:
    """The licences whose texts are needed, of alternatives the one with the simplest."""
    alternatives = _split(expression, "OR")
    if len(alternatives) == 1:
        parts = _split(expression, "AND")
        if len(parts) == 1:
            return [_bare(expression)] if "(" not in expression else needed(_bare(expression))
        return [each for part in parts for each in needed(part)]
    simple = [each for each in _SIMPLE if each in alternatives]
    return needed((simple or alternatives)[0])


def _allowed_part(part: str) -> str | None:
    if part.startswith("("):
        inside = allowed(_bare(part))
        return f"({inside})" if inside and " OR " in inside else inside
    is_refused = part.startswith(_REFUSED) and " WITH " not in part
    return None if is_refused else part


def _bare(part: str) -> str:
    """Without brackets around it."""
    return part[1:-1] if part.startswith("(") else part


def _split(expression: str, operator: str) -> Sequence[str]:
    """What the operator stands between, outside of brackets."""
    parts, depth = [""], 0
    for word in re.findall(r"[()]|[^\s()]+", expression):
        depth += (word == "(") - (word == ")")
        if word == operator and depth == 0:
            parts.append("")
        else:
            glue = "" if not parts[-1] or parts[-1].endswith("(") or word == ")" else " "
            parts[-1] += glue + word
    return parts
