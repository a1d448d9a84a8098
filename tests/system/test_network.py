import subprocess
import sys
from pathlib import Path

import pytest

CLOSED = """
import socket, sys
from pathlib import Path
from sottovoce.system.network.gate import NetworkGate, NetworkRefused
from sottovoce.system.network.ledger import Ledger
early = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ledger = Ledger(Path(sys.argv[1]))
gate = NetworkGate(ledger)
gate.close()
gate.close()
try:
    {attempt}
except NetworkRefused as error:
    assert not isinstance(error, OSError)
    [entry] = ledger.entries()
    print("allowed" if entry.is_allowed else "refused", entry.purpose)
early.close()
"""


def run(attempt: str, ledger: Path) -> str:
    asked = subprocess.run(
        [sys.executable, "-c", CLOSED.format(attempt=attempt), str(ledger)],
        capture_output=True,
        text=True,
    )
    assert asked.stderr == ""
    return asked.stdout


@pytest.mark.parametrize(
    ("attempt", "kind"),
    [
        ("socket.socket(socket.AF_INET)", "socket.__new__"),
        ("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)", "socket.__new__"),
        ("socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo"),
        ("early.connect(('127.0.0.1', 9))", "socket.connect"),
        ("early.connect_ex(('127.0.0.1', 9))", "socket.connect"),
        ("early.bind(('127.0.0.1', 0))", "socket.bind"),
        ("early.sendto(b'x', ('127.0.0.1', 9))", "socket.sendto"),
        ("early.sendmsg([b'x'], [], 0, ('127.0.0.1', 9))", "socket.sendmsg"),
        ("socket.getaddrinfo('localhost', 80)", "socket.getaddrinfo"),
        ("socket.gethostbyname('localhost')", "socket.gethostbyname"),
        ("import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')", "socket."),
    ],
)
def test_a_closed_gate_refuses_and_notes_it(attempt: str, kind: str, tmp_path: Path) -> None:
    answer = run(attempt, tmp_path / "network.jsonl")
    assert answer.startswith(f"refused Unexpected: {kind}")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no local sockets in Python")
def test_local_sockets_stay_usable(tmp_path: Path) -> None:
    attempt = (
        "a, b = socket.socketpair(); a.sendall(b'x'); "
        "print(b.recv(1), ledger.entries()); a.close(); b.close()"
    )
    assert run(attempt, tmp_path / "network.jsonl") == "b'x' []\n"


PERMITTED = """
import socket, sys, threading
from pathlib import Path
from sottovoce.system.network.gate import NetworkGate, NetworkRefused
from sottovoce.system.network.ledger import Ledger
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
ledger = Ledger(Path(sys.argv[1]))
gate = NetworkGate(ledger)
gate.close()
with gate.permit("127.0.0.1", port):
    socket.create_connection(("127.0.0.1", port)).close()
    for attempt in (
        lambda: socket.create_connection(("127.0.0.1", port + 1)),
        lambda: socket.create_connection(("localhost", port)),
        lambda: socket.gethostbyname("127.0.0.2"),
        lambda: socket.getaddrinfo(b"\\x1b[31m", port),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)),
        lambda: socket.create_server(("127.0.0.1", 0)),
    ):
        try:
            attempt()
        except NetworkRefused:
            pass
        else:
            sys.exit("It went through.")
    threading.excepthook = lambda crash: print(crash.exc_type.__name__)
    thread = threading.Thread(target=socket.create_connection, args=[("127.0.0.1", port)])
    thread.start()
    thread.join()
try:
    socket.create_connection(("127.0.0.1", port))
except NetworkRefused:
    print("closed")
server.close()
for entry in ledger.entries():
    assert not entry.is_allowed
    print(entry.purpose, entry.host, (entry.port or port) - port)
"""


def test_a_permit_is_for_one_host_one_port_and_one_thread(tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PERMITTED, str(tmp_path / "network.jsonl")],
        capture_output=True,
        text=True,
    )
    assert asked.stderr == ""
    assert asked.stdout.splitlines() == [
        "NetworkRefused",
        "closed",
        "Unexpected: socket.getaddrinfo 127.0.0.1 1",
        "Unexpected: socket.getaddrinfo localhost 0",
        "Unexpected: socket.gethostbyname 127.0.0.2 0",
        "Unexpected: socket.getaddrinfo \\x1b[31m 0",
        "Unexpected: socket.sendto 127.0.0.1 0",
        "Unexpected: socket.bind 127.0.0.1 0",
        "Unexpected: socket.getaddrinfo 127.0.0.1 0",
        "Unexpected: socket.getaddrinfo 127.0.0.1 0",
    ]


BEHIND_A_PROXY = """
import os, sys, urllib.request
from pathlib import Path
from sottovoce.domain.problems import Unreachable
from sottovoce.system.network.client import Client, Way
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import NetworkSettings
of_a_new_mac = {"exclude_simple": False, "exceptions": ("*.local", "169.254/16")}
urllib.request.proxy_bypass = (
    lambda host: urllib.request._proxy_bypass_macosx_sysconf(host, of_a_new_mac)
)
os.environ["https_proxy"] = "http://127.0.0.1:9"
ledger = Ledger(Path(sys.argv[1]))
gate = NetworkGate(ledger)
gate.close()
way = Way(NetworkSettings(on=True, endpoint="https://10.0.0.7"), gate, ledger)
try:
    Client(way, "Test").get("https://10.0.0.7/")
except Unreachable:
    print([(entry.is_allowed, entry.host) for entry in ledger.entries()])
"""


def test_a_system_may_look_up_whether_a_host_needs_its_proxy(tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", BEHIND_A_PROXY, str(tmp_path / "network.jsonl")],
        capture_output=True,
        text=True,
    )
    assert asked.stderr == ""
    assert asked.stdout == "[(True, '127.0.0.1')]\n"
