from pathlib import Path

import pytest

from store.backup_killing import losses


@pytest.mark.journey
@pytest.mark.parametrize("doing", ["back_up", "restore", "migrate"])
def test_being_killed_loses_nothing(doing: str, tmp_path: Path) -> None:
    assert losses(doing, 8, tmp_path) == 0
