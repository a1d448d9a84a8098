"""Chooses between window, command line and child processes. Imports nothing heavy at the top."""

import sys
from collections.abc import Sequence

ENGINE_PROCESS = "--engine-process"
INSPECT_PROCESS = "--inspect-process"
LIBRARY_PROCESS = "--library-process"
NETWORK_PROCESS = "--network-process"
PAGE_PROCESS = "--page-process"
PARSER_PROCESS = "--parser-process"
STOPPED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == [ENGINE_PROCESS]:
        # Late: the window and the command line must not load what the engine process needs.
        from sottovoce.engine.worker import main as work

        return work(arguments[1:])
    if arguments[:1] == [INSPECT_PROCESS]:
        from sottovoce.models.inspect_process import main as look

        return look(arguments[1:])
    if arguments[:1] == [LIBRARY_PROCESS]:
        from sottovoce.library.library_process import main as serve

        return serve(arguments[1:])
    if arguments[:1] == [NETWORK_PROCESS]:
        from sottovoce.models.network_process import main as fetch

        return fetch(arguments[1:])
    if arguments[:1] == [PAGE_PROCESS]:
        from sottovoce.library.page_process import main as show

        return show(arguments[1:])
    if arguments[:1] == [PARSER_PROCESS]:
        from sottovoce.library.parser_process import main as parse

        return parse(arguments[1:])
    try:
        from sottovoce.launch import launch

        return launch(arguments)
    except KeyboardInterrupt:
        return STOPPED


if __name__ == "__main__":
    sys.exit(main())
