"""`sottovoce network`, without starting a program."""

import io
from pathlib import Path

import pytest

from fakes import MemorySecrets, ScriptedEngine
from sottovoce.cli import network
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts
from sottovoce.domain.problems import Refused
from sottovoce.models.remote import Remote
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.paths import Profile, profile


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def folder(tmp_path: Path) -> Profile:
    return profile(tmp_path / "profile")


@pytest.fixture
def parts(folder: Profile, secrets: MemorySecrets) -> Parts:
    return Parts(folder, ScriptedEngine(), lambda: secrets, None, Remote(folder))


def run(parts: Parts, *typed: str) -> None:
    network.run(parse(["network", *typed]), parts)


def test_a_token_goes_into_the_keyring_and_nowhere_else(
    parts: Parts,
    secrets: MemorySecrets,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hf_0123456789abcdef\n"))
    run(parts, "token")
    assert list(secrets.kept.values()) == [b"hf_0123456789abcdef"]
    assert capsys.readouterr() == ("", "")
    assert list(parts.profile.folder.iterdir()) == []
    run(parts, "token", "--forget")
    assert secrets.kept == {}


def test_a_token_is_for_one_hub(
    parts: Parts, secrets: MemorySecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, endpoint in enumerate(["https://one.example", "https://two.example"]):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"hf_token_of_{number}\n"))
        run(parts, "endpoint", endpoint)
        run(parts, "token")
    assert len(secrets.kept) == 2


def test_what_is_no_token_is_refused(
    parts: Parts, secrets: MemorySecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("two words\n"))
    with pytest.raises(Refused):
        run(parts, "token")
    assert secrets.kept == {}


def test_the_state_is_said_in_a_sentence(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    run(parts, "status")
    assert "switched off" in capsys.readouterr().out
    run(parts, "on")
    run(parts, "allow", "files.example")
    assert "files.example" in capsys.readouterr().out


def test_the_ledger_tells_of_bytes(
    parts: Parts, folder: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger(folder.ledger)
    name = ledger.allow("Download a model", "hub.example", 443)
    ledger.count(name, received=1_234_567, sent=890)
    ledger.refuse("Unexpected: socket.__new__")
    run(parts, "ledger")
    made, refused = capsys.readouterr().out.splitlines()
    assert made.endswith("allowed  hub.example:443  Download a model, 1,234,567 bytes in, 890 out")
    assert refused.endswith("refused  nowhere yet  Unexpected: socket.__new__")
