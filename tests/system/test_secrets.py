import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from sottovoce.domain.problems import Refused, Unreachable
from sottovoce.system import secrets
from sottovoce.system.secrets import KeyringSecrets, keyring_secrets


class Locked(KeyringBackend):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked


class Hanging(KeyringBackend):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # keyring leaves it untyped.
        self.released = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.released.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.released.wait()


def test_a_locked_keyring_is_refused() -> None:
    locked = KeyringSecrets(Locked())  # type: ignore[no-untyped-call] # As above.
    with pytest.raises(Refused):
        locked.get("anything")
    with pytest.raises(Refused):
        locked.set("anything", b"value")


def test_a_keyring_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_PATIENCE", 0.01)
    hanging = Hanging()
    with pytest.raises(Unreachable):
        KeyringSecrets(hanging).get("anything")
    hanging.released.set()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="D-Bus is Linux's")
@pytest.mark.parametrize(
    "address", [None, "", "autolaunch:", "unix:path=/nowhere/bus", "tcp:host=localhost,port=1"]
)
def test_without_a_session_bus_there_is_no_keyring(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    if address is not None:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    assert keyring_secrets() is None


ROUND_TRIP = """
import sys
from pathlib import Path
from sottovoce.system.secrets import keyring_secrets
from sottovoce.system.vault import Vault
secrets = keyring_secrets()
assert secrets is not None
secrets.set("one", bytes(range(256)))
assert secrets.get("one") == bytes(range(256))
secrets.delete("one")
secrets.delete("one")
assert secrets.get("one") is None
vault = Vault(Path(sys.argv[1]))
assert vault.create(secrets=secrets, passphrase=None) == vault.open_with_keyring(secrets)
print("kept")
"""


@pytest.mark.skipif(
    not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")),
    reason="needs dbus-run-session and gnome-keyring-daemon",
)
def test_the_real_keyring_of_a_desktop_keeps_secrets(tmp_path: Path) -> None:
    program = tmp_path / "round_trip.py"
    program.write_text(ROUND_TRIP)
    session = 'printf secret | gnome-keyring-daemon --unlock --components=secrets && exec "$@"'
    homes = {
        name: str(tmp_path)
        for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME")
    }
    round_trip = (sys.executable, str(program), str(tmp_path / "vault"))
    asked = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", session, "sh", *round_trip],
        env=os.environ | homes,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert asked.stdout.endswith("kept\n"), asked.stderr
