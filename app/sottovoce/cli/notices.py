"""`notices`: whose work comes with Sottovoce, and under which licence."""

import argparse

from sottovoce.cli.layout import rows
from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import columns, plain, tell, write, write_json
from sottovoce.system.notices import read_notices, text_of

_NOT_ALL = (
    "These come with Sottovoce's source. All others are listed in an installed Sottovoce; "
    "here they are installed packages, with licences of their own."
)


def run(arguments: argparse.Namespace, _: Parts) -> None:
    """List the components, or show the licence of one. Raises Problem."""
    notices = read_notices()
    if arguments.name is None:
        if arguments.json:
            write_json(
                {"are_all": notices.are_all, "components": [plain(n) for n in notices.notices]},
                indent=2,
            )
            return
        if not notices.are_all:
            tell(_NOT_ALL)
        widest = max(len(notice.titled) for notice in notices.notices)
        facts = [(notice.titled.ljust(widest + 1), notice.licence) for notice in notices.notices]
        write(rows(facts, columns()))
        return
    notice = notices.find(arguments.name)
    if arguments.json:
        write_json({**plain(notice), "text": text_of(notice)}, indent=2)
        return
    part_of = f"Part of {notice.part_of}" if notice.part_of else ""
    head = filter(None, (notice.titled, part_of, notice.licence, notice.home))
    write("\n".join(head) + f"\n\n{text_of(notice)}")
