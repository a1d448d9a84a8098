"""What was typed stays on this machine, and on its disk only in cipher."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from killing import DRIVEN_WINDOW
from program import Program
from sottovoce.domain.conversation import Role, State
from sottovoce.store.store import open_store
from sottovoce.system.paths import profile
from sottovoce.system.vault import Vault

pytestmark = pytest.mark.journey
MARKERS = [f"marker {number} of the heron over the quiet harbour" for number in range(50)]


def test_no_file_of_the_profile_holds_a_word(
    program: Program, files_holding: Callable[[Path, Sequence[str]], list[str]]
) -> None:
    answers = [program.ask(marker, "--log-level", "debug") for marker in MARKERS[:2]]
    assert program.passphrase is not None
    secret = [*MARKERS, *(marker[::-1] for marker in MARKERS), program.passphrase]
    folder = profile(program.folder)
    with open_store(
        folder.database, Vault(folder.vault).open_with_passphrase(program.passphrase)
    ) as store:
        chat = store.new_conversation(MARKERS[2])
        store.keep_draft(chat.id, MARKERS[3])
        for marker in MARKERS[4:]:
            leaf = store.conversation(chat.id).leaf
            said = store.say(chat.id, marker, leaf)
            reply = store.begin_reply(chat.id, said.id, "a model")
            store.journal(reply.id, marker[::-1])
            # While the database is open its -wal file is there, too.
            if marker == MARKERS[-1]:
                assert files_holding(program.folder, secret) == []
            store.finish_reply(
                reply.id, State.COMPLETE, text=marker[::-1], finish=None, usage=None, timings=None
            )
        assert [m.text for m in store.messages(chat.id) if m.role is Role.USER] == MARKERS[4:]

    replies = [answer["text"] for answer in answers]
    assert files_holding(program.folder, [*secret, *replies]) == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_whole_session_opens_no_network_socket(program: Program, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    watched = ["strace", "--follow-forks", "--seccomp-bpf", "--trace=%network", f"--output={trace}"]

    done = subprocess.run(
        [*watched, sys.executable, str(DRIVEN_WINDOW), str(program.folder), "2"],
        env=program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    control = subprocess.run(
        [*watched[:-1], f"--output={trace}.control", sys.executable, "-c", CONNECTS],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"ended"') == 2
    assert "AF_INET" not in trace.read_text(encoding="utf-8", errors="replace")
    assert control.returncode == 0
    assert "AF_INET" in Path(f"{trace}.control").read_text(encoding="utf-8")


CONNECTS = "import socket; socket.socket(socket.AF_INET).close()"
