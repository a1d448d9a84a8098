import os
import sys
from pathlib import Path

import pytest

from sottovoce.ui.theme.fonts import fonts_listed_in


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no fontconfig")
@pytest.mark.parametrize("before", [None, "elsewhere"])
def test_only_fontconfig_has_its_cache_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    if before is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", before)
    with fonts_listed_in(tmp_path):
        assert os.environ["XDG_CACHE_HOME"] == str(tmp_path)
    assert os.environ.get("XDG_CACHE_HOME") == before
