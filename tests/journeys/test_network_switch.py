"""Switched off, nothing connects and no name is looked up; the ledger tells what was tried."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub_server import HubServer
from program import Program

pytestmark = pytest.mark.journey

NETWORK = ("AF_INET", "AF_NETLINK")
LOOK_UPS = ("/etc/resolv.conf", "/etc/hosts", "nscd")

SEARCH = ("models", "search", "small")
LOOKS_UP = "import socket; socket.getaddrinfo('localhost', 80)"


@pytest.fixture
def traced(tmp_path: Path, program: Program) -> "Traced":
    return Traced(tmp_path / "trace", program)


class Traced:
    """Runs Python and tells which system calls it and its children made to reach others."""

    def __init__(self, trace: Path, program: Program) -> None:
        self._trace = trace
        self._program = program

    def run(self, *command: str) -> tuple[subprocess.CompletedProcess[str], str]:
        """The end of the command, and the trace."""
        done = subprocess.run(
            [
                "strace",
                "--follow-forks",
                "--seccomp-bpf",
                "--trace=%network,open,openat",
                f"--output={self._trace}",
                *command,
            ],
            env=self._program.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done, self._trace.read_text(encoding="utf-8", errors="replace")


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
def test_switched_off_nothing_connects_and_no_name_is_looked_up(
    program: Program, traced: Traced
) -> None:
    done, trace = traced.run(*program.command(*SEARCH))
    assert done.returncode == 1
    assert "switched off" in done.stderr
    assert "openat" in trace
    for sign in (*NETWORK, *LOOK_UPS):
        assert sign not in trace
    [entry] = program.json("network", "ledger")
    assert (entry["verdict"], entry["host"]) == ("refused", "huggingface.co")


@needs_strace
def test_switched_on_the_same_connects_to_the_hub_alone(program: Program, traced: Traced) -> None:
    """The control: what the test above does not see would be seen."""
    with HubServer({"anna/small": {"small.gguf": b"GGUF"}}) as hub:
        program.run("network", "endpoint", hub.url)
        program.run("network", "on")
        done, trace = traced.run(*program.command(*SEARCH))
        port = hub.url.rpartition(":")[2]
    assert "anna/small" in done.stdout
    [connect] = [line for line in trace.splitlines() if " connect(" in line and "AF_INET" in line]
    assert f"htons({port})" in connect
    assert '"127.0.0.1"' in connect
    [entry] = program.json("network", "ledger")
    assert (entry["verdict"], entry["host"]) == ("allowed", "127.0.0.1")


@needs_strace
def test_a_look_up_would_be_seen(traced: Traced) -> None:
    _, trace = traced.run(sys.executable, "-c", LOOKS_UP)
    assert any(sign in trace for sign in LOOK_UPS)


def test_a_token_in_the_environment_goes_to_the_hub(program: Program) -> None:
    with HubServer({"anna/small": {"small.gguf": b"GGUF"}}) as hub:
        program.run("network", "endpoint", hub.url)
        program.run("network", "on")
        environment = program.environment | {"SOTTOVOCE_HUB_TOKEN": "hf_good"}
        subprocess.run(program.command(*SEARCH), env=environment, capture_output=True, check=True)
        assert [asked.token for asked in hub.asked] == ["Bearer hf_good"]


def test_the_switch_is_kept_between_commands(program: Program) -> None:
    assert program.json("network", "status")["network"] == "off"
    assert program.json("network", "on")["network"] == "on"
    assert program.json("network", "allow", "Files.Example")["hosts"] == ["files.example"]
    assert program.json("network", "status")["network"] == "on"
    assert program.json("network", "forbid", "files.example")["hosts"] == []
    assert program.json("network", "off")["network"] == "off"


def test_an_endpoint_that_protects_nobody_is_a_problem(program: Program) -> None:
    done = program.run("network", "endpoint", "http://hub.example")
    assert done.returncode == 1
    assert "needs https" in done.stderr
    assert program.json("network", "status")["endpoint"] == "https://huggingface.co"


def test_the_ledger_is_told_in_lines(program: Program) -> None:
    assert "No connection" in program.run("network", "ledger").stdout
    for _ in range(2):
        program.run(*SEARCH)
    [line] = program.run("network", "ledger", "--limit", "1").stdout.splitlines()
    assert line.endswith("refused  huggingface.co  Search for models")


def test_without_a_keyring_no_token_is_kept(program: Program) -> None:
    done = program.run_with("network", "token")
    assert done.returncode == 1
    assert "token" in done.stderr
