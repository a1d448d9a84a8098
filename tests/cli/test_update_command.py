import json
import sys
from pathlib import Path

import pytest

from fakes import MemorySecrets, ScriptedEngine
from models.bundling import KEY
from models.updating import NEWER, application_archive, update
from sottovoce.cli import update as command
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts
from sottovoce.domain.problems import Refused
from sottovoce.models.bundle.minisign import new_key
from sottovoce.models.bundle.signers import UnknownSigner
from sottovoce.models.remote import Remote
from sottovoce.system.application import this_platform
from sottovoce.system.paths import Profile
from system.renewing import OLD, installed, waiting, write_application

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has its own installer.")


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    profile = Profile(tmp_path / "here")
    profile.folder.mkdir()
    return Parts(profile, ScriptedEngine(), MemorySecrets, None, Remote(profile))


def run(parts: Parts, *typed: str) -> None:
    command.run(parse(["update", *typed]), parts)


def test_whose_update_it_is_has_to_be_said_where_there_is_no_publisher(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(update(tmp_path, application_archive(tmp_path)))
    with pytest.raises(UnknownSigner):
        run(parts, "verify", path)
    assert f"--trust-signer {KEY.public.fingerprint}" in capsys.readouterr().err
    with pytest.raises(Refused, match="somebody else"):
        run(parts, "verify", path, "--trust-signer", new_key().public.fingerprint)
    run(parts, "verify", path, "--trust-signer", KEY.public.fingerprint, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], told["platform"]) == (NEWER, this_platform())
    assert not told["replaces"]


def test_an_installed_application_has_it_ready(
    parts: Parts,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_application(tmp_path / "place" / "sottovoce", OLD)
    application = installed(tmp_path / "place" / "sottovoce")
    monkeypatch.setattr(command, "this_application", lambda: application)
    monkeypatch.setattr(command, "publisher", lambda: KEY.public)
    run(parts, "install", str(update(tmp_path, application_archive(tmp_path))))
    assert f"Sottovoce {NEWER} is ready." in capsys.readouterr().out
    assert waiting(application) == NEWER


def test_from_a_python_package_the_file_is_handed_over(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = application_archive(tmp_path), tmp_path / "handed"
    path, fingerprint = str(update(tmp_path, file)), KEY.public.fingerprint
    run(parts, "install", path, "--trust-signer", fingerprint, "--hand-to", str(folder))
    told = capsys.readouterr().out
    assert "Python package" in told
    assert str(folder / file.name) in told
    assert (folder / file.name).read_bytes() == file.read_bytes()
