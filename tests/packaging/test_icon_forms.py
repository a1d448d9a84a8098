import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

FORMS = Path(__file__).parents[2] / "packaging" / "icons" / "forms.py"


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("icons")
    subprocess.run([sys.executable, FORMS, folder], check=True)
    return folder


def test_linux_gets_every_size_drawn_for_itself(forms: Path) -> None:
    for side in (16, 22, 24, 32, 48, 64, 128, 256, 512):
        with Image.open(forms / f"sottovoce-{side}.png") as picture:
            assert picture.size == (side, side)
            assert picture.getpixel((0, 0)) == (0, 0, 0, 0)  # Its corners are round.


def test_windows_and_macos_get_all_sizes_in_one_file(forms: Path) -> None:
    with Image.open(forms / "sottovoce.ico") as icon:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= icon.info["sizes"]
    with Image.open(forms / "sottovoce.icns") as icon:
        assert {(16, 16, 2), (128, 128, 1), (512, 512, 2)} <= set(icon.info["sizes"])
