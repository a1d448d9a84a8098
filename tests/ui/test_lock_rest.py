"""Screen and sleep, told by a bus of the test's own, on which the test is logind."""

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("D-Bus is for Linux", allow_module_level=True)

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal  # type: ignore[import-untyped] # It has no types.
from jeepney.bus_messages import message_bus  # type: ignore[import-untyped] # It has no types.
from jeepney.io.blocking import DBusConnection, open_dbus_connection  # type: ignore[import-untyped] # It has no types.

pytestmark = pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="needs dbus-daemon")

_MANAGER = DBusAddress(
    "/org/freedesktop/login1", "org.freedesktop.login1", "org.freedesktop.login1.Manager"
)
_OWN_SESSION = "/org/freedesktop/login1/session/_37"
_WINDOW = """
import sys
from PySide6.QtWidgets import QApplication, QWidget
from sottovoce.ui.lock.rest import Rest

application = QApplication([])
window = QWidget()
rest = Rest(window, lambda: print("rest", flush=True))
print("listening", flush=True)
application.exec()
"""


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """The address of a bus of its own."""
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    command += [f"--address=unix:path={tmp_path}/bus"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()


@pytest.fixture
def logind(bus: str) -> Iterator[DBusConnection]:
    with closing(open_dbus_connection(bus, enable_fds=True)) as connection:
        connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.login1"))
        yield connection


@pytest.fixture
def window(bus: str, logind: DBusConnection) -> Iterator[subprocess.Popen[str]]:
    """A window that listens, and has asked logind what it asks."""
    environment = os.environ | {
        "DBUS_SESSION_BUS_ADDRESS": bus,
        "DBUS_SYSTEM_BUS_ADDRESS": bus,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_SESSION_ID": "7",
    }
    with subprocess.Popen(
        [sys.executable, "-c", _WINDOW], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        yield process
        process.kill()


def told(window: subprocess.Popen[str]) -> str:
    assert window.stdout is not None
    return window.stdout.readline()


def answer_calls(logind: DBusConnection) -> int:
    """Be asked for the session and for the delay; returns the other end of the delay's pipe."""
    reading, writing = os.pipe()
    asked = set[str]()
    while asked != {"GetSession", "Inhibit"}:
        call = logind.receive(timeout=20)
        if call.header.message_type is not MessageType.method_call:
            continue
        method = call.header.fields[HeaderFields.member]
        asked.add(method)
        if method == "GetSession":
            assert call.body == ("7",)
            logind.send(new_method_return(call, "o", (_OWN_SESSION,)))
        else:
            assert call.body[0] == "sleep"
            assert call.body[3] == "delay"
            logind.send(new_method_return(call, "h", (writing,)))
    os.close(writing)
    return reading


def test_sleep_is_heard_and_waits_as_long_as_the_window_is_there(
    logind: DBusConnection, window: subprocess.Popen[str]
) -> None:
    delay = answer_calls(logind)
    logind.send(new_signal(_MANAGER, "PrepareForSleep", "b", (False,)))
    logind.send(new_signal(_MANAGER, "PrepareForSleep", "b", (True,)))
    assert told(window) == "rest\n"
    os.set_blocking(delay, False)
    with pytest.raises(BlockingIOError):
        os.read(delay, 1)  # It is held.
    window.kill()
    window.wait()
    os.set_blocking(delay, True)
    assert os.read(delay, 1) == b""
    os.close(delay)


def test_the_lock_of_the_own_session_is_heard(
    logind: DBusConnection, window: subprocess.Popen[str]
) -> None:
    os.close(answer_calls(logind))
    own = DBusAddress(_OWN_SESSION, interface="org.freedesktop.login1.Session")
    assert window.stdout is not None
    # Again and again: it listens to its session a moment after it was told which it is.
    while not select.select([window.stdout], [], [], 0.05)[0]:
        logind.send(new_signal(own, "Lock"))
    assert told(window) == "rest\n"


@pytest.mark.parametrize("desktop", ["freedesktop", "gnome"])
def test_the_screen_saver_is_heard(
    logind: DBusConnection, window: subprocess.Popen[str], desktop: str
) -> None:
    saver = DBusAddress("/org/ScreenSaver", interface=f"org.{desktop}.ScreenSaver")
    logind.send(new_signal(saver, "ActiveChanged", "b", (True,)))
    assert told(window) == "rest\n"


@pytest.mark.parametrize("beside", ["", ";unix:abstract=here"])
def test_a_bus_elsewhere_is_not_asked(beside: str) -> None:
    elsewhere = f"tcp:host=192.0.2.1,port=7{beside}"
    program = f"""
import os
os.environ["DBUS_SESSION_BUS_ADDRESS"] = os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "{elsewhere}"
from sottovoce.system.bus import has_session_bus, has_system_bus
print(has_session_bus(), has_system_bus())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert done.stdout == "False False\n"
