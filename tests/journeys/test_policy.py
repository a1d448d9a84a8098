"""A policy file, obeyed by the real program from its first moment to its last."""

import hashlib
import json
from pathlib import Path

import pytest

from program import Program
from sottovoce.models.shelf import starter

pytestmark = pytest.mark.journey


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def test_a_policy_that_cannot_be_understood_closes_everything(
    program: Program, policy: Path
) -> None:
    policy.write_text("\nnetwrok = false\n")
    for command in (("ask", "Hello"), ("doctor",), ("policy", "show"), ("network", "status")):
        done = program.run("--policy", str(policy), *command)
        assert done.returncode == 1
        assert done.stdout == ""
        assert f"The policy in {policy} cannot be obeyed" in done.stderr
        assert "netwrok in line 2: there is no such rule" in done.stderr
    assert not program.folder.exists() or not list(program.folder.iterdir())
    checked = program.run("--policy", str(policy), "policy", "check", str(policy))
    assert checked.returncode == 1
    assert "netwrok in line 2" in checked.stderr
    policy.write_text("network = false\n")
    assert program.run("policy", "check", str(policy)).returncode == 0


def test_a_network_that_is_kept_off_stays_off(program: Program, policy: Path) -> None:
    policy.write_text("network = false\nbanner = 'Internal'\n")
    under = ("--policy", str(policy))
    assert program.run("network", "on").returncode == 0
    assert program.json(*under, "network", "status")["network"] == "off"
    for command in (("network", "on"), ("models", "search", "small")):
        done = program.run(*under, *command)
        assert done.returncode == 1
        assert "administrator keeps the network switched off" in done.stderr
        assert "sottovoce network on" not in done.stderr
    findings = {f["name"]: f["says"] for f in program.json(*under, "doctor")["findings"]}
    assert "switched off by your administrator" in findings["Network"]
    assert findings["Policy"].startswith("Internal. Your administrator set banner, network.")


def test_only_an_allowed_model_answers(program: Program, policy: Path) -> None:
    model = starter()
    assert model is not None
    policy.write_text("models = []\n")
    refused = program.run("--policy", str(policy), "ask", "Hello", "--max-tokens", "4")
    assert refused.returncode == 1
    assert "administrator does not allow this model" in refused.stderr
    assert refused.stdout == ""
    sha256 = hashlib.sha256(model.path.read_bytes()).hexdigest()
    policy.write_text(f'models = ["{sha256.upper()}"]\n')
    program.ask("Hello", "--policy", str(policy))
    assert (program.folder / "fingerprints.json").exists()
    program.ask("Hello", "--policy", str(policy))


def test_what_is_done_is_noted_and_nothing_that_is_said(
    program: Program, policy: Path, tmp_path: Path
) -> None:
    policy.write_text("audit = true\n")
    under = ("--policy", str(policy))
    document = tmp_path / "zanzibar.txt"
    document.write_text("The marzipan is in the cupboard.")
    answer = program.ask("Where is the marzipan?", *under)
    assert program.run(*under, "library", "add", str(document)).returncode == 0
    assert program.run(*under, "chats", "export", str(answer["chat"])).returncode == 0
    assert program.run(*under, "network", "on").returncode == 0
    assert program.run(*under, "chats", "delete", str(answer["chat"])).returncode == 0
    noted = program.json(*under, "audit", "show")
    events = [entry["event"] for entry in noted]
    for event in (
        "started",
        "protection changed",
        "unlocked",
        "model loaded",
        "documents added",
        "chat exported",
        "network switched",
        "chat removed",
    ):
        assert event in events
    log = program.folder / "audit.jsonl"
    for word in (b"marzipan", b"zanzibar", b"cupboard", str(tmp_path).encode()):
        assert word not in log.read_bytes()
    verdict = program.json(*under, "audit", "verify")
    assert verdict["troubles"] == []
    assert verdict["sealed"] == verdict["lines"]


def test_a_log_that_was_shortened_between_two_starts_is_found(
    program: Program, policy: Path
) -> None:
    policy.write_text("audit = true\n")
    under = ("--policy", str(policy))
    for _ in range(2):
        program.ask("Hello", *under)
    log = program.folder / "audit.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-3]))
    for _ in range(2):
        program.ask("Hello", *under)
        done = program.run(*under, "audit", "verify", "--json")
        assert done.returncode == 1
        [trouble] = json.loads(done.stdout)["troubles"]
        assert f"lines were cut off before it: there had been {len(lines)}" in trouble
    log.write_bytes(log.read_bytes().replace(b"unlocked", b"unlickes", 1))
    done = program.run("audit", "verify", str(log))
    assert done.returncode == 1
    assert "does not follow from the one before" in done.stderr


def test_a_policy_that_wants_a_passphrase_gets_one(tmp_path: Path, policy: Path) -> None:
    policy.write_text("needs_passphrase = true\ntemporary = false\n")
    without = Program(tmp_path / "profile", passphrase=None)
    done = without.run("--policy", str(policy), "ask", "Hello", "--max-tokens", "4")
    assert done.returncode == 1
    assert "administrator wants a passphrase" in done.stderr
    done = without.run("--policy", str(policy), "ask", "Hello", "--temporary")
    assert "does not allow chats that are not kept" in done.stderr
