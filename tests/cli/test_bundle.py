import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import MemorySecrets, ScriptedEngine
from models.bundling import KEY, cargoes, make, model_file
from sottovoce.cli import bundle
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts
from sottovoce.domain.problems import Damaged, Missing, Refused
from sottovoce.domain.stop import Stop
from sottovoce.models.bundle.minisign import new_key, unsealed
from sottovoce.models.bundle.signers import Signers, UnknownSigner
from sottovoce.models.names import BUNDLE_SUFFIX
from sottovoce.models.remote import Remote
from sottovoce.models.shelf import Shelf
from sottovoce.system.paths import Profile


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return parts_in(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Parts:
    """Another computer."""
    return parts_in(tmp_path / "there")


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    """The option that gives the passphrase of the key."""
    file = tmp_path / "passphrase"
    file.write_text("quiet words\n", encoding="utf-8")
    return f"--key-passphrase-file={file}"


def parts_in(folder: Path) -> Parts:
    profile = Profile(folder)
    profile.folder.mkdir()
    return Parts(profile, ScriptedEngine(), MemorySecrets, None, Remote(profile))


def run(parts: Parts, *typed: str) -> None:
    bundle.run(parse(["bundle", *typed]), parts)


def told(parts: Parts, capsys: pytest.CaptureFixture[str], *typed: str) -> Any:
    capsys.readouterr()
    run(parts, *typed, "--json")
    return json.loads(capsys.readouterr().out)


def test_a_bundle_goes_from_one_computer_to_another(
    parts: Parts,
    there: Parts,
    passphrase: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [tmp_path / name for name in ("Sottovoce.AppImage", "policy.toml", "TERMS.txt")]
    for file in files:
        file.write_text(f"this is {file.name}", encoding="utf-8")
    application, policy, terms = map(str, files)
    model = Shelf(parts.profile.models).link(model_file(tmp_path / "from"), Stop())
    out = str(tmp_path / f"carry{BUNDLE_SUFFIX}")

    key = told(parts, capsys, "key", "new", passphrase)["own"]
    run(
        *(parts, "create", out, "--model", model.name, "--application", application),
        *("--with-policy", policy, "--licence", terms, "--name", "Field office", passphrase),
    )
    assert key["fingerprint"] in capsys.readouterr().out

    with pytest.raises(UnknownSigner):
        run(there, "verify", out)
    seen = told(there, capsys, "verify", out, "--trust-signer", key["fingerprint"].lower())
    assert (seen["name"], seen["signer"]["trusted"]) == ("Field office", False)
    kinds = [item["kind"] for item in seen["items"]]
    assert kinds == ["model", "licence", "application", "policy"]

    run(there, "install", out, "--trust-signer", key["fingerprint"])
    assert "--hand-to" in capsys.readouterr().err
    [item] = Shelf(there.profile.models).items()[1:]
    assert item.path.read_bytes() == model.path.read_bytes()
    installed = told(there, capsys, "install", out, "--hand-to", str(tmp_path / "handed"))
    assert [Path(path).name for path in installed["installed"]["handed"]] == [
        "Sottovoce.AppImage",
        "policy.toml",
    ]
    assert "this is TERMS.txt" in Path(installed["installed"]["licences"][0]).read_text("utf-8")


def test_the_key_of_minisign_signs_too(
    parts: Parts, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(parts, "key", "new", passphrase)
    elsewhere = tmp_path / "minisign.key"
    shutil.move(parts.profile.signing_key, elsewhere)
    out = str(tmp_path / "parts")
    made = told(
        *(parts, capsys, "create", out, "--model", "starter", "--split", "40MB"),
        *("--key", str(elsewhere), passphrase),
    )
    sizes = [part["size"] for part in made["items"][0]["files"][0]["parts"]]
    assert sizes[:2] == [40_000_000, 40_000_000]
    assert made["signer"]["trusted"]


def test_without_a_key_nothing_is_signed(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(Missing, match="bundle key new"):
        run(parts, "create", str(tmp_path / "out"), "--model", "starter")


def test_a_bundle_carries_something(parts: Parts, passphrase: str, tmp_path: Path) -> None:
    run(parts, "key", "new", passphrase)
    with pytest.raises(Missing, match="--model"):
        run(parts, "create", str(tmp_path / "out"), passphrase)


def test_a_key_is_not_lost_to_another(parts: Parts, passphrase: str) -> None:
    run(parts, "key", "new", passphrase)
    before = unsealed(parts.profile.signing_key.read_bytes(), "quiet words")
    with pytest.raises(Refused, match="already"):
        run(parts, "key", "new", passphrase)
    assert unsealed(parts.profile.signing_key.read_bytes(), "quiet words") == before


def test_a_key_without_a_passphrase_is_not_made(parts: Parts) -> None:
    with pytest.raises(Refused, match="--key-passphrase-file"):
        run(parts, "key", "new")
    assert not parts.profile.signing_key.exists()


def test_signers_are_trusted_and_forgotten_by_their_fingerprint(
    there: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, fingerprint = tmp_path / "signer.pub", KEY.public.fingerprint
    file.write_bytes(KEY.public.file)
    with pytest.raises(Refused, match="--fingerprint"):
        run(there, "key", "trust", str(file))
    with pytest.raises(Refused, match="somebody else"):
        run(there, "key", "trust", str(file), "--fingerprint", new_key().public.fingerprint)
    run(there, "key", "trust", str(file), "--fingerprint", fingerprint)
    [trusted] = told(there, capsys, "key", "show")["trusted"]
    assert trusted["fingerprint"] == fingerprint
    run(there, "key", "forget", fingerprint)
    assert told(there, capsys, "key", "show") == {"own": None, "trusted": []}


def test_a_model_whose_licence_has_to_be_accepted_waits_for_it(
    there: Parts, tmp_path: Path
) -> None:
    [model, *_] = cargoes(tmp_path / "from")
    made = make(tmp_path / "bundle", [replace(model, licence="llama3.1")])
    Signers(there.profile).trust(KEY.public)
    with pytest.raises(Refused, match="--accept-licence"):
        run(there, "install", str(made))
    run(there, "install", str(made), "--accept-licence")
    [item] = Shelf(there.profile.models).items()[1:]
    assert item.record is not None
    assert item.record.acceptance is not None


def test_what_is_no_key_trusts_nobody(there: Parts, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff" * 100)
    with pytest.raises(Damaged):
        run(there, "key", "trust", str(tmp_path / "file"))


@pytest.mark.parametrize("size", ["5GiB", "10", "-1MB", "1TB", "many", ""])
def test_a_size_that_no_part_may_have_is_wrong_usage(size: str) -> None:
    with pytest.raises(SystemExit):
        parse(["bundle", "create", "out", "--split", size])


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("700MB", 700_000_000),
        ("3GiB", 3 * 2**30),
        ("4.2 gb", 4_200_000_000),
        ("2000000", 2_000_000),
    ],
)
def test_a_size_is_typed_as_people_do(typed: str, size: int) -> None:
    assert parse(["bundle", "create", "out", "--split", typed]).split == size
