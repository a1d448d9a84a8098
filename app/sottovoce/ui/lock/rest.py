"""Learns when the screen locks and when the computer goes to sleep."""

import os
import sys
from collections.abc import Callable
from typing import cast

from PySide6.QtCore import SLOT, QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from sottovoce.system.bus import has_session_bus, has_system_bus

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    from PySide6.QtCore import QAbstractNativeEventFilter, QCoreApplication

    # Of winuser.h and wtsapi32.h.
    _POWER, _SUSPENDED = 0x0218, 4
    _SESSION, _LOCKED = 0x02B1, 7

    class Rest(QAbstractNativeEventFilter):
        """Hears what Windows tells windows: that the session is locked, or sleep is near."""

        def __init__(self, window: QWidget, note: Callable[[], None]) -> None:
            super().__init__()
            self._note = note
            ctypes.windll.wtsapi32.WTSRegisterSessionNotification(int(window.winId()), 0)
            application = QCoreApplication.instance()
            assert application is not None
            application.installNativeEventFilter(self)

        def nativeEventFilter(self, _: object, message: int) -> tuple[bool, int]:
            """Look at what comes, and let it go on."""
            told = wintypes.MSG.from_address(int(message))
            if (told.message, told.wParam) in {(_POWER, _SUSPENDED), (_SESSION, _LOCKED)}:
                self._note()
            return False, 0

elif sys.platform == "darwin":
    import ctypes

    _UTF8 = 0x08000100
    """kCFStringEncodingUTF8 of CFString.h."""
    _LOOK_MILLISECONDS = 2000

    class Rest(QObject):
        """Asks macOS again and again whether the screen is locked, as it is before sleep."""

        def __init__(self, window: QWidget, note: Callable[[], None]) -> None:
            super().__init__(window)
            self._note = note
            graphics = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"
            core = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
            self._session = ctypes.CDLL(graphics).CGSessionCopyCurrentDictionary
            self._session.restype = ctypes.c_void_p
            self._core = ctypes.CDLL(core)
            self._core.CFStringCreateWithCString.restype = ctypes.c_void_p
            self._key = ctypes.c_void_p(
                self._core.CFStringCreateWithCString(None, b"CGSSessionScreenIsLocked", _UTF8)
            )
            self._timer = QTimer(self)
            self._timer.timeout.connect(self._look)
            self._timer.start(_LOOK_MILLISECONDS)

        def _look(self) -> None:
            found = self._session()
            if found is None:
                return  # Nobody is logged in at this screen.
            session = ctypes.c_void_p(found)
            is_locked = self._core.CFDictionaryContainsKey(session, self._key)
            self._core.CFRelease(session)
            if is_locked:
                self._note()

else:
    from PySide6.QtDBus import (
        QDBusConnection,
        QDBusMessage,
        QDBusPendingCall,
        QDBusPendingCallWatcher,
        QDBusUnixFileDescriptor,
    )

    _SCREEN_SAVERS = ("freedesktop", "gnome", "cinnamon", "mate", "xfce")
    _LOGIND, _PLACE = "org.freedesktop.login1", "/org/freedesktop/login1"
    _MANAGER, _SESSION = f"{_LOGIND}.Manager", f"{_LOGIND}.Session"
    # Bytes as its stubs say, text as it is.
    _HEAR, _HEAR_LOCK = cast(bytes, SLOT("_hear(bool)")), cast(bytes, SLOT("_hear_lock()"))

    class Rest(QObject):
        """Hears the desktop's screen saver, and logind: of its lock, and of sleep.

        Qt speaks with both over a socket of this computer's file system, and nowhere else: a bus
        that is elsewhere is not asked.
        """

        def __init__(self, window: QWidget, note: Callable[[], None]) -> None:
            super().__init__(window)
            self._note = note
            self._watchers: list[QDBusPendingCallWatcher] = []
            self._delay: QDBusUnixFileDescriptor | None = None
            """As long as it is held, sleep waits a few seconds: for the lock."""
            if has_session_bus():
                bus = QDBusConnection.sessionBus()
                for desktop in _SCREEN_SAVERS:
                    interface = f"org.{desktop}.ScreenSaver"
                    bus.connect("", "", interface, "ActiveChanged", self, _HEAR)
            if has_system_bus():
                self._listen_to_logind(QDBusConnection.systemBus())

        def _listen_to_logind(self, bus: QDBusConnection) -> None:
            bus.connect(_LOGIND, _PLACE, _MANAGER, "PrepareForSleep", self, _HEAR)

            def hear_session(place: object) -> None:
                path = getattr(place, "path", lambda: "")()
                bus.connect(_LOGIND, path, _SESSION, "Lock", self, _HEAR_LOCK)

            def hold(delay: object) -> None:
                if isinstance(delay, QDBusUnixFileDescriptor):
                    self._delay = delay

            own = os.environ.get("XDG_SESSION_ID", "auto")
            self._ask(bus, "GetSession", [own], hear_session)
            self._ask(bus, "Inhibit", ["sleep", "Sottovoce", "Lock the chats", "delay"], hold)

        def _ask(
            self,
            bus: QDBusConnection,
            method: str,
            given: list[str],
            answered: Callable[[object], None],
        ) -> None:
            call = QDBusMessage.createMethodCall(_LOGIND, _PLACE, _MANAGER, method)
            call.setArguments(given)

            def take(answer: QDBusPendingCall) -> None:
                if not answer.isError():  # Else there is no logind: the screen saver has to do.
                    answered(answer.reply().arguments()[0])

            watcher = QDBusPendingCallWatcher(bus.asyncCall(call), self)
            watcher.finished.connect(take)
            self._watchers.append(watcher)

        @Slot(bool)
        def _hear(self, begins: bool) -> None:
            if begins:
                self._note()

        @Slot()
        def _hear_lock(self) -> None:
            self._note()
