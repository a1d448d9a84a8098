"""The real program in its own process, with a profile of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PASSPHRASE = "seven quiet words behind a heavy door"


@dataclass(frozen=True)
class Program:
    """Starts `sottovoce` with one profile folder and no keyring."""

    folder: Path
    passphrase: str | None = PASSPHRASE

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k != "DBUS_SESSION_BUS_ADDRESS"}
        # Without a bus there is no keyring, also where the machine has one.
        kept |= {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(self.folder / "none")}
        return kept | ({"SOTTOVOCE_PASSPHRASE": self.passphrase} if self.passphrase else {})

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "sottovoce", "--data-dir", str(self.folder), *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def run_with(
        self, *arguments: str, stdin: IO[Any] | None = None, stdout: IO[Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Like `run`, between these files."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            stdin=stdin or subprocess.DEVNULL,
            stdout=stdout or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
            encoding="utf-8",
            timeout=120,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ask(self, question: str, *options: str) -> dict[str, Any]:
        """The last line of `ask --json`, with few tokens and no chance in it."""
        done = self.run(
            "ask", question, "--json", "--max-tokens", "24", "--temperature", "0", *options
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer
