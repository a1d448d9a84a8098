import subprocess
import sys

import pytest

CLOSED = """
import socket
from sottovoce.system.network.gate import NetworkGate, NetworkRefused, NetworkState
early = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
gate = NetworkGate()
gate.close()
gate.close()
try:
    {attempt}
except NetworkRefused as error:
    assert not isinstance(error, OSError)
    print("refused", len(gate.refusals()), gate.refusals()[-1].kind, gate.state)
early.close()
"""


def run(attempt: str) -> str:
    asked = subprocess.run(
        [sys.executable, "-c", CLOSED.format(attempt=attempt)], capture_output=True, text=True
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
def test_a_closed_gate_refuses(attempt: str, kind: str) -> None:
    answer = run(attempt)
    assert answer.startswith("refused 1 " + kind)
    assert answer.endswith(" offline\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no local sockets in Python")
def test_local_sockets_stay_usable() -> None:
    attempt = (
        "a, b = socket.socketpair(); a.sendall(b'x'); "
        "print(b.recv(1), gate.refusals()); a.close(); b.close()"
    )
    assert run(attempt) == "b'x' []\n"
