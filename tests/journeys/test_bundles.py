"""A model goes from a computer with a network to one without, and answers there."""

from pathlib import Path

import pytest

from program import Program
from sottovoce.models.names import BUNDLE_SUFFIX
from tiny_llama import tiny_llama

pytestmark = pytest.mark.journey


@pytest.fixture
def there(tmp_path: Path) -> Program:
    """Another computer."""
    return Program(tmp_path / "there", passphrase=None)


@pytest.mark.parametrize("split", [(), ("--split", "1MB")])
def test_a_model_is_carried_and_answers(
    split: tuple[str, ...], tmp_path: Path, there: Program
) -> None:
    here = Program(tmp_path / "here", passphrase=None)
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("seven quiet words\n", encoding="utf-8")
    key = f"--key-passphrase-file={passphrase}"
    out = str(tmp_path / f"carry{BUNDLE_SUFFIX}")
    assert here.run("models", "import", str(tiny_llama())).returncode == 0
    signer = here.json("bundle", "key", "new", key)["own"]["fingerprint"]
    here.json("bundle", "create", out, "--model", "Tiny", key, *split)

    refused = there.run("bundle", "install", out)
    assert (refused.returncode, signer in refused.stderr) == (1, True)
    assert there.run("bundle", "verify", out, "--trust-signer", signer).returncode == 0
    there.json("bundle", "install", out, "--trust-signer", signer)
    answer = there.ask("Hello", "--model", "Tiny", "--temporary")
    assert answer["model"].startswith("Tiny random Llama")
