"""Licences as SPDX writes them: "MIT AND (Apache-2.0 OR GPL-2.0-only)"."""

import re
from collections.abc import Sequence

_SHIPPED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Bitstream-Vera", "blessing",
    "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Open-MPI", "BSL-1.0", "bzip2-1.0.6",
    "CC-BY-4.0", "CC0-1.0", "CDLA-Permissive-2.0", "FTL",
    "GPL-2.0-or-later WITH Bootloader-exception", "GPL-3.0-or-later WITH GCC-exception-3.1",
    "HPND", "IJG", "ISC", "LGPL-2.1-or-later", "LGPL-3.0-only", "libpng-2.0", "libtiff",
    "LicenseRef-Arev", "LicenseRef-Microsoft-Visual-C-Runtime", "LicenseRef-Public-Domain", "MIT",
    "MIT-0", "MIT-CMU", "MIT-Modern-Variant", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Unicode-3.0",
    "Unlicense", "X11", "Zlib",
}  # fmt: skip
"""What binds nobody else's work. All others, the GPL above all, have to be looked at before."""
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
    return part if part in _SHIPPED else None


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
