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


CASES = """
import subprocess, sys
from pathlib import Path
from sottovoce.domain.problems import Problem
from sottovoce.system import secrets as module
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.slots import Cost
from sottovoce.system.vault import Vault
module._PATIENCE = 3.0
secrets = module.keyring_secrets()
vault = Vault(Path(sys.argv[1]), Cost(memory=8 * 1024, passes=1, lanes=1))
key = vault.create(secrets=secrets, passphrase="correct horse")
recovery_key = new_recovery_key()
vault.add_recovery_key(key, recovery_key)
case = sys.argv[2]
if case == "lost":
    secrets.delete(vault.secret_name)
elif case == "another":
    secrets.set(vault.secret_name, bytes(32))
elif case == "locked":
    subprocess.run(
        ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets",
         "/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock",
         "array:objpath:/org/freedesktop/secrets/collection/login"], check=True,
        stdout=subprocess.DEVNULL)
elif case == "gone":
    subprocess.run(["kill", "-9", sys.argv[3]], check=True)
try:
    assert vault.open_with_keyring(secrets) == key
    print("the keyring opens it")
except Problem as problem:
    print(type(problem).__name__, problem)
assert vault.open_with_passphrase("correct horse") == key
assert vault.open_with_recovery_key(recovery_key) == key
print("kept")
"""


def in_desktop(tmp_path: Path, program: str, *arguments: str) -> str:
    """What a program prints in a session with the real keyring of a desktop, unlocked."""
    path = tmp_path / "program.py"
    path.write_text(program)
    session = (
        'mkfifo "$HOME/words"; '
        'gnome-keyring-daemon --foreground --unlock --components=secrets < "$HOME/words" '
        '>/dev/null 2>&1 & keyring=$!; printf secret > "$HOME/words"; '
        "gdbus wait --session --timeout 20 org.freedesktop.secrets; "
        '"$@" "$keyring"'
    )
    homes = {
        name: str(tmp_path)
        for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME")
    }
    command = (sys.executable, str(path), str(tmp_path / "vault"), *arguments)
    asked = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", session, "sh", *command],
        env=os.environ | homes,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


has_desktop_keyring = pytest.mark.skipif(
    not all(map(shutil.which, ("dbus-run-session", "gnome-keyring-daemon", "gdbus"))),
    reason="needs dbus-run-session, gdbus and gnome-keyring-daemon",
)


@has_desktop_keyring
def test_the_real_keyring_of_a_desktop_keeps_secrets(tmp_path: Path) -> None:
    assert in_desktop(tmp_path, ROUND_TRIP).endswith("kept\n")


@has_desktop_keyring
@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("well", "the keyring opens it"),
        ("lost", "Missing The keyring lost the key to your chats. Type the passphrase."),
        ("another", "Refused The keyring holds another key than your chats'. Type the passphrase."),
        ("locked", "Refused The system's keyring is locked or refused. Unlock it."),
        ("gone", "Refused The system's keyring is locked or refused. Unlock it."),
    ],
)
def test_whatever_becomes_of_the_real_keyring_nothing_is_lost(
    tmp_path: Path, case: str, says: str
) -> None:
    assert in_desktop(tmp_path, CASES, case).splitlines() == [says, "kept"]
