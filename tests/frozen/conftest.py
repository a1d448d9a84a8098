import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from frozen_program import BUILT, Frozen, own


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "frozen: tells its story to the program that was built")


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[Frozen]:
    """The program that was built, or the one installed in SOTTOVOCE_ROOT."""
    if (named := os.environ.get("SOTTOVOCE_ROOT")) is None:
        if not BUILT.exists():
            pytest.skip("there is no build: ./dev build makes one")
        (tmp_path / "home").mkdir()
        yield Frozen(tmp_path / "home")
        return
    root = Path(named)
    made = Frozen(root / "home" / "ada" / tmp_path.name, root)
    made.home.mkdir()
    own(made, made.home)
    yield made
    shutil.rmtree(made.home)


@pytest.fixture
def display() -> Iterator[str]:
    """A screen that nobody else looks at."""
    if sys.platform != "linux" or not all(map(shutil.which, ("Xvfb", "xdotool"))):
        pytest.skip("the window is shown by Xvfb, and told by xdotool")
    reading, writing = os.pipe()
    options = ["-screen", "0", "1280x900x24", "-nolisten", "tcp", "-displayfd", str(writing)]
    with subprocess.Popen(
        ["Xvfb", *options], pass_fds=[writing], stderr=subprocess.DEVNULL
    ) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        yield f":{number}"
        server.terminate()
