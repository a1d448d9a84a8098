import json
from pathlib import Path

import pytest

from fakes import MemorySecrets, ScriptedEngine
from models.bundling import KEY, make
from sottovoce.cli import doctor, packs
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts
from sottovoce.domain.hardware import LLAMA_CPP
from sottovoce.models.bundle.create import Cargo
from sottovoce.models.bundle.manifest import Kind
from sottovoce.models.bundle.signers import UnknownSigner
from sottovoce.models.remote import Remote
from sottovoce.system.application import this_platform
from sottovoce.system.paths import Profile


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    profile = Profile(tmp_path / "here")
    profile.folder.mkdir()
    return Parts(profile, ScriptedEngine(), MemorySecrets, None, Remote(profile))


@pytest.fixture
def pack(tmp_path: Path) -> str:
    library = tmp_path / "libggml-vulkan.so"
    library.write_bytes(b"code" * 1_000)
    cargo = Cargo(
        Kind.PACK,
        "Vulkan",
        (library,),
        (library.name,),
        version=LLAMA_CPP,
        platform=this_platform(),
    )
    return str(make(tmp_path / "vulkan.sottovoce-bundle", [cargo]))


def run(parts: Parts, *typed: str) -> None:
    packs.run(parse(["packs", *typed]), parts)


def test_a_pack_is_installed_by_whom_the_user_trusts_listed_and_removed(
    parts: Parts, pack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnknownSigner):
        run(parts, "install", pack)
    run(parts, "install", pack, "--trust-signer", KEY.public.fingerprint)
    assert "Vulkan is installed, 4 kB." in capsys.readouterr().out
    run(parts, "list", "--json")
    [listed] = json.loads(capsys.readouterr().out)["packs"]
    assert (listed["name"], listed["trouble"]) == ("Vulkan", "")
    run(parts, "remove", "Vulkan")
    capsys.readouterr()
    run(parts, "list")
    assert "No pack is installed" in capsys.readouterr().err


def test_doctor_tells_a_pack_that_was_changed(
    parts: Parts, pack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(parts, "install", pack, "--trust-signer", KEY.public.fingerprint)
    capsys.readouterr()
    doctor.run(parse(["doctor", "--json"]), parts)
    # The scripted engine loads nothing.
    assert "finds no GPU" in _finding(capsys)
    [library] = parts.profile.packs.glob("*/libggml-vulkan.so")
    library.write_bytes(b"evil" * 1_000)
    doctor.run(parse(["doctor", "--json"]), parts)
    assert "not used" in _finding(capsys)


def _finding(capsys: pytest.CaptureFixture[str]) -> str:
    findings = json.loads(capsys.readouterr().out)["findings"]
    [says] = [each["says"] for each in findings if each["name"] == "Pack"]
    assert isinstance(says, str)
    return says
