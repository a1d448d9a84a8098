import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.lora import write_adapter
from models.bundling import (
    BAD_NAMES,
    KEY,
    break_off,
    cargoes,
    flips,
    kill_while_installing,
    make,
    model_file,
    put,
    refusal,
    sign_again,
    sign_bytes,
    stop_at_once,
)
from models.downloading import SHARDS, largest_file, shards
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.models.adapters import AdapterShelf
from sottovoce.models.bundle import install as installing
from sottovoce.models.bundle.create import (
    Cargo,
    adapter_cargo,
    create,
    file_cargo,
    licence_cargo,
    model_cargo,
)
from sottovoce.models.bundle.install import Installed, give_up, install, licences_to_accept
from sottovoce.models.bundle.manifest import Kind
from sottovoce.models.bundle.medium import MANIFEST, SIGNATURE, SIGNER
from sottovoce.models.bundle.minisign import (
    SecretKey,
    is_fingerprint,
    new_key,
    public_key_in,
    sealed,
    unsealed,
)
from sottovoce.models.bundle.reading import open_bundle
from sottovoce.models.bundle.signers import Signers, UnknownSigner
from sottovoce.models.catalogue import catalogue
from sottovoce.models.shelf import Origin, Shelf
from sottovoce.system import mounts
from sottovoce.system.audit import read_log
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile

FLIPS = 200
"""In each of both forms; `./dev bench bundles` turns a thousand."""


# `minisign -G` took a second and a gigabyte to make these.
MINISIGN_PUBLIC_KEY = b"""untrusted comment: minisign public key 5F167664DA86B597
RWSXtYbaZHYWX5c8FXAPX0QYWFO8Nv1B+hFBQASopP92G9E0o5CgeGDV
"""
MINISIGN_SECRET_KEY = b"""untrusted comment: minisign encrypted secret key
RWRTY0IyAWEcUr8fp195T/YN8jHdmh1+x6zcrbAVwqkWhf9TU4sAAAACAAAAAAAAAEAAAAAA69xQAB9BGOOxCLBMqUzGecbB\
eZzjJFHcNVLjVBZB2qgVBX61czVLL4eGbS/rmyPizFo+TT6gtioAQkTzizinAqK/g/+PwRDsKks8qnRKj185fb/4U1J2pZAi\
6xpGWb7GL/tIq8McELg=
"""


@dataclass(frozen=True)
class Made:
    """What takes long to make, and is copied for each test."""

    home: Path
    carried: list[Cargo]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = tmp_path_factory.mktemp("made")
    carried = cargoes(home / "from")
    make(home / "carry.sottovoce-bundle", carried)
    make(home / "carry", carried, split=40_000)
    return Made(home, carried)


@pytest.fixture
def carried(tmp_path: Path, made: Made) -> list[Cargo]:
    shutil.copytree(made.home / "from", tmp_path / "from")
    return [
        replace(cargo, files=tuple(_moved(file, made.home, tmp_path) for file in cargo.files))
        for cargo in made.carried
    ]


def _moved(file: Path | bytes, here: Path, there: Path) -> Path:
    assert isinstance(file, Path)
    return there / file.relative_to(here)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """Where KEY is trusted."""
    profile = Profile(tmp_path / "profile")
    profile.folder.mkdir()
    Signers(profile).trust(KEY.public)
    return profile


@pytest.fixture
def trusted(profile: Profile) -> Signers:
    return Signers(profile)


@pytest.fixture
def file(tmp_path: Path, made: Made) -> Path:
    return Path(shutil.copy(made.home / "carry.sottovoce-bundle", tmp_path))


@pytest.fixture
def folder(tmp_path: Path, made: Made) -> Path:
    return Path(shutil.copytree(made.home / "carry", tmp_path / "carry"))


@pytest.mark.parametrize("form", ["file", "folder"])
def test_what_was_carried_is_on_the_shelf(
    form: str, made: Made, profile: Profile, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    installed = put(request.getfixturevalue(form), profile, tmp_path / "handed")
    [item] = [item for item in Shelf(profile.models).items() if item.origin is Origin.OWN]
    assert installed.models == (item.path,)
    assert item.path.read_bytes() == (made.home / "from/talk.gguf").read_bytes()
    assert item.record is not None
    assert item.record.files[0].sha256 == hashlib.sha256(item.path.read_bytes()).hexdigest()
    for name in ("Sottovoce.AppImage", "policy.toml"):
        assert (tmp_path / "handed" / name).read_bytes() == (made.home / "from" / name).read_bytes()
    assert [path.name for path in (profile.models / "bundles").iterdir()] == ["lock"]


def test_a_policy_is_never_put_anywhere_by_itself(file: Path, profile: Profile) -> None:
    installed = put(file, profile)
    assert installed.handed == ()
    assert not list(profile.folder.rglob("policy*"))


def test_a_model_in_parts_keeps_its_parts_and_where_it_came_from(
    profile: Profile, tmp_path: Path
) -> None:
    for name, content in shards(50_000).items():
        (tmp_path / Path(name).name).write_bytes(content)
    item = Shelf(tmp_path / "shelf").link(tmp_path / Path(SHARDS[0]).name, Stop())
    cargo = replace(model_cargo(item), repository="anna/talk", commit="c" * 40, licence="mit")
    put(make(tmp_path / "bundle", [cargo], split=30_000), profile)
    [model] = Shelf(profile.models).items()[1:]
    assert [path.name for path in model.files] == [Path(name).name for name in SHARDS]
    assert model.record is not None
    assert model.record.source is not None
    assert (model.record.source.repository, model.record.licence) == ("anna/talk", "mit")


def test_an_adapter_goes_to_its_own_shelf(profile: Profile, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "style.gguf")
    shelf = AdapterShelf(tmp_path / "adapters")
    made = make(tmp_path / "bundle", [adapter_cargo(shelf.link(adapter, Stop()))])
    assert put(made, profile).adapters[0].parent == profile.adapters
    assert len(AdapterShelf(profile.adapters).items()) == 1
    assert Shelf(profile.models).items()[1:] == []


def test_the_terms_come_along(profile: Profile, tmp_path: Path, carried: list[Cargo]) -> None:
    licence = catalogue().licence("llama3.1")
    assert licence is not None
    model = replace(carried[0], licence="llama3.1")
    bundle = make(tmp_path / "bundle", [model, licence_cargo(licence)])
    assert licences_to_accept(open_bundle(bundle).manifest, catalogue()) == (licence,)
    [text] = put(bundle, profile).licences
    shown = text.read_text(encoding="utf-8")
    assert "Built with Llama" in shown
    assert f"\n{licence.notice}\n" in shown
    assert "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT" in shown
    assert "The courts of California" in shown


def test_the_one_file_is_an_archive_of_the_folder(
    file: Path, tmp_path: Path, trusted: Signers
) -> None:
    with tarfile.open(file) as archive:
        for member in filter(tarfile.TarInfo.isfile, archive):
            unpacked = tmp_path / "out" / member.name
            unpacked.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            assert content is not None
            unpacked.write_bytes(content.read())
    assert refusal(tmp_path / "out", trusted) == ""
    assert refusal(tmp_path / "out" / MANIFEST, trusted) == ""


@pytest.mark.skipif(shutil.which("minisign") is None, reason="minisign is not installed")
def test_minisign_itself_verifies_the_signature(folder: Path) -> None:
    def verify() -> int:
        command = ["minisign", "-Vm", str(folder / MANIFEST), "-p", str(folder / SIGNER)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert verify() == 0
    with (folder / MANIFEST).open("ab") as manifest:
        manifest.write(b" ")
    assert verify() == 1


@pytest.mark.skipif(shutil.which("minisign") is None, reason="minisign is not installed")
def test_minisign_signs_with_our_key(tmp_path: Path) -> None:
    content, key = tmp_path / "content", tmp_path / "key"
    content.write_bytes(b"words")
    key.write_bytes(sealed(KEY, "quiet words"))
    for command, typed in (
        (["-S", "-s", str(key), "-m", str(content)], "quiet words\n"),
        (["-V", "-P", KEY.public.line, "-m", str(content)], ""),
    ):
        subprocess.run(["minisign", *command], input=typed, text=True, check=True)


def test_a_key_that_minisign_made_is_of_use() -> None:
    theirs = unsealed(MINISIGN_SECRET_KEY, "theirs")
    assert theirs.public == public_key_in(MINISIGN_PUBLIC_KEY)


def test_a_secret_key_is_opened_by_its_passphrase_alone() -> None:
    file = sealed(KEY, "quiet words", cost=10)
    assert unsealed(file, "quiet words") == KEY
    with pytest.raises(Refused):
        unsealed(file, "loud words")
    with pytest.raises(Damaged):
        unsealed(file[:-30] + b"\n", "quiet words")
    with pytest.raises(Damaged):
        unsealed(KEY.public.file, "quiet words")


def test_a_fingerprint_may_be_typed_in_any_groups() -> None:
    fingerprint = KEY.public.fingerprint
    assert is_fingerprint(fingerprint.lower().replace("-", " "), KEY.public)
    assert not is_fingerprint(fingerprint[:-1], KEY.public)
    assert not is_fingerprint(new_key().public.fingerprint, KEY.public)


def test_an_unknown_signer_is_refused_until_trusted(
    tmp_path: Path, profile: Profile, carried: list[Cargo]
) -> None:
    stranger = new_key()
    bundle = make(tmp_path / "bundle", carried, key=stranger)
    with pytest.raises(UnknownSigner, match=stranger.public.fingerprint):
        put(bundle, profile)
    assert not profile.models.exists()
    Signers(profile).trust(stranger.public)
    assert put(bundle, profile).models


def test_a_signer_that_administrators_do_not_allow_is_refused(file: Path, profile: Profile) -> None:
    other = replace(profile, policy=Policy(signers=frozenset({"A" * 32})))
    with pytest.raises(Refused, match="administrator does not allow this signer"):
        put(file, other)
    with pytest.raises(Refused, match="administrator does not allow this signer"):
        Signers(other).trust(new_key().public)
    assert Signers(other).find(KEY.public) is None
    allowed = frozenset({KEY.public.fingerprint})
    assert put(file, replace(profile, policy=Policy(signers=allowed))).models


def test_a_signer_can_be_forgotten(trusted: Signers, file: Path) -> None:
    trusted.forget(KEY.public.fingerprint)
    assert "not trusted" in refusal(file, trusted)
    with pytest.raises(Missing):
        trusted.forget(KEY.public.fingerprint)


def test_a_damaged_list_of_signers_trusts_nobody(profile: Profile, file: Path) -> None:
    profile.signers.write_bytes(b"[{}]")
    with pytest.raises(Damaged):
        put(file, profile)


def test_an_older_bundle_of_the_same_name_is_refused(
    tmp_path: Path, profile: Profile, carried: list[Cargo]
) -> None:
    older = make(tmp_path / "older", carried, sequence=4)
    newer = make(tmp_path / "newer", carried, sequence=5)
    other = make(tmp_path / "other", carried, sequence=1, name="Head office")
    put(newer, profile)
    put(newer, profile)
    put(other, profile)
    with pytest.raises(Refused, match="newer bundle"):
        put(older, profile)


@pytest.mark.parametrize("form", ["file", "folder"])
def test_no_byte_can_be_changed(
    form: str, trusted: Signers, request: pytest.FixtureRequest
) -> None:
    bundle: Path = request.getfixturevalue(form)
    assert refusal(bundle, trusted) == ""
    accepted = [
        where for where in flips(bundle, FLIPS, random.Random(5)) if not refusal(bundle, trusted)
    ]
    assert accepted == []
    assert refusal(bundle, trusted) == ""


def test_nobody_waits_for_a_pipe(tmp_path: Path, trusted: Signers) -> None:
    os.mkfifo(tmp_path / "pipe.sottovoce-bundle")
    assert "This is no bundle." in refusal(tmp_path / "pipe.sottovoce-bundle", trusted)


def test_a_cut_or_longer_file_is_refused(file: Path, trusted: Signers) -> None:
    content = file.read_bytes()
    for length in (0, 1, 511, 512, 1_000, 2_000, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        assert refusal(file, trusted)
    file.write_bytes(content + b"\0")
    assert refusal(file, trusted)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda folder: os.truncate(folder / "00001.part", 100),
        lambda folder: os.truncate(folder / "00001.part", 50_000),
        lambda folder: (folder / "00002.part").unlink(),
        lambda folder: _swap(folder / "00001.part", folder / "00002.part"),
        lambda folder: (folder / SIGNATURE).unlink(),
        lambda folder: (folder / SIGNATURE).write_bytes(b"x" * 9_000),
        lambda folder: (folder / SIGNATURE).write_bytes(b"\xff\n" * 4),
        lambda folder: (folder / SIGNER).write_bytes(new_key().public.file),
        lambda folder: (folder / SIGNER).write_bytes(b"untrusted comment: \nRW==\n"),
        lambda folder: _link(folder / "00001.part", folder / "elsewhere"),
        lambda folder: _link(folder / MANIFEST, folder / "elsewhere"),
        lambda folder: os.truncate(folder / MANIFEST, 5_000_000),
        lambda folder: (folder / MANIFEST).write_bytes(b"[" * 3_000_000),
        lambda folder: _pipe(folder / "00001.part"),
        lambda folder: _pipe(folder / SIGNER),
        lambda folder: sign_bytes(folder, (folder / MANIFEST).read_bytes(), new_key()),
    ],
)
def test_what_was_tampered_with_is_refused(
    tamper: Callable[[Path], object], folder: Path, trusted: Signers, profile: Profile
) -> None:
    tamper(folder)
    assert refusal(folder, trusted).endswith(".")
    with pytest.raises((Damaged, Missing, Refused)):
        put(folder, profile)
    assert Shelf(profile.models).items()[1:] == []


def _swap(one: Path, other: Path) -> None:
    one.rename(one.with_name("aside"))
    other.rename(one)
    one.with_name("aside").rename(other)


def _link(path: Path, elsewhere: Path) -> None:
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_none_is_refused_whoever_signed_it(
    name: str, folder: Path, trusted: Signers
) -> None:
    sign_again(folder, lambda values: values["items"][0]["files"][0].update(name=name))
    assert refusal(folder, trusted)


def _item(values: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = values["items"][0]
    return item


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.update(version=2),
        lambda values: values.update(format="another"),
        lambda values: values.update(sequence=0),
        lambda values: values.update(sequence=2**60),
        lambda values: values.update(sequence="5"),
        lambda values: values.update(items=[]),
        lambda values: values.update(more="than is known"),
        lambda values: values.update(name="a\u202eb"),
        lambda values: values.update(name="a\nb"),
        lambda values: values.update(created="2026-11-23T10:00:00"),
        lambda values: values.update(created="2026-11-23T10:00:00+02:00"),
        lambda values: values.update(created="0001-01-01T00:00:00Z"),
        lambda values: values.update(created="9999-12-31T23:59:59Z"),
        lambda values: values.pop("program"),
        lambda values: values["items"].append(values["items"][0]),
        lambda values: values["items"].append(
            values["items"][0]
            | {"files": [values["items"][0]["files"][0] | {"name": "TALK.gguf".lower().title()}]}
        ),
        lambda values: values["items"][2]["files"][0].update(name="sottovoce.APPIMAGE"),
        lambda values: _item(values).update(kind="program"),
        lambda values: _item(values).update(kind="policy"),
        lambda values: _item(values).update(files=[]),
        lambda values: _item(values)["files"][0].update(size=1),
        lambda values: _item(values)["files"][0].update(size=-1),
        lambda values: _item(values)["files"][0].update(size=2**60),
        lambda values: _item(values)["files"][0].update(sha256="0" * 63),
        lambda values: _item(values)["files"][0].update(sha256="0" * 64),
        lambda values: _item(values)["files"][0].update(parts=[]),
        lambda values: _item(values)["files"][0]["parts"].reverse(),
        lambda values: _item(values)["files"][0]["parts"][0].update(size=2**33),
    ],
)
def test_a_list_that_contradicts_itself_is_refused_whoever_signed_it(
    change: Callable[[dict[str, Any]], object], folder: Path, trusted: Signers
) -> None:
    sign_again(folder, change)
    assert refusal(folder, trusted).endswith(".")


def test_names_are_said_once_also_where_case_does_not_count(folder: Path, trusted: Signers) -> None:
    def double(values: dict[str, Any]) -> None:
        item = _item(values)
        values["items"].append(item | {"files": [item["files"][0] | {"name": "TALK.gguf"}]})

    sign_again(folder, double)
    assert "contradicts itself" in refusal(folder, trusted)


def test_a_list_in_another_order_is_refused(folder: Path, trusted: Signers) -> None:
    values = json.loads((folder / MANIFEST).read_bytes())
    sign_bytes(folder, json.dumps(values).encode())
    assert "contradicts itself" in refusal(folder, trusted)


def test_a_file_that_is_no_model_is_not_put_on_the_shelf(
    tmp_path: Path, profile: Profile, carried: list[Cargo]
) -> None:
    no_model = replace(carried[0], files=(b"GGUF" + b"x" * 500,), sha256=())
    with pytest.raises(Unsupported):
        put(make(tmp_path / "bundle", [no_model]), profile)
    assert not list(profile.models.rglob("*.gguf"))


def test_nothing_is_used_before_all_is_checked(folder: Path, profile: Profile) -> None:
    last = sorted(folder.glob("*.part"))[-1]
    last.write_bytes(b"y" * last.stat().st_size)
    with pytest.raises(Damaged):
        put(folder, profile, folder.parent / "handed")
    assert Shelf(profile.models).items()[1:] == []
    assert not (folder.parent / "handed" / "policy.toml").exists()


def test_parts_may_come_on_one_medium_after_the_other(
    folder: Path, profile: Profile, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in (MANIFEST, SIGNATURE, SIGNER):
        shutil.copy(folder / name, other / name)
    for part in sorted(folder.glob("*.part"))[1:]:
        part.rename(other / part.name)
    with pytest.raises(Missing, match="Part 2 of 5"):
        put(folder, profile, tmp_path / "handed")
    assert put(other, profile, tmp_path / "handed").models


def test_what_was_copied_is_not_copied_again(folder: Path, profile: Profile) -> None:
    break_off(folder, profile)
    [begun] = (profile.models / "bundles").rglob("*.part")
    assert begun.stat().st_size == 40_000
    (folder / "00001.part").unlink()  # It is not needed any more.
    assert put(folder, profile).models


def test_a_wrong_byte_in_what_was_copied_before_is_noticed(folder: Path, profile: Profile) -> None:
    break_off(folder, profile)
    [begun] = (profile.models / "bundles").rglob("*.part")
    begun.write_bytes(b"z" * begun.stat().st_size)
    with pytest.raises(Damaged):
        put(folder, profile)
    assert put(folder, profile).models


def test_a_model_that_administrators_do_not_allow_is_not_even_copied(
    file: Path, profile: Profile
) -> None:
    ruled = replace(profile, policy=Policy(models=frozenset({"0" * 64})))
    with pytest.raises(Refused, match="administrator"):
        put(file, ruled)
    assert not profile.models.exists()
    sums = {content.sha256 for content in open_bundle(file).manifest.files}
    assert put(file, replace(profile, policy=Policy(models=frozenset(sums)))).models


def test_what_is_installed_is_noted_where_the_policy_asks_for_it(
    file: Path, profile: Profile
) -> None:
    put(file, profile)
    assert not read_log(profile.audit)
    put(file, replace(profile, policy=Policy(audit=True)))
    [entry] = read_log(profile.audit)
    assert (entry.event, entry.facts["sha256"]) == ("bundle installed", open_bundle(file).id)


def test_what_was_copied_is_kept_until_it_is_given_up(
    folder: Path, profile: Profile, tmp_path: Path
) -> None:
    bundle, handed = open_bundle(folder), tmp_path / "handed"
    with pytest.raises(Cancelled):
        stop_at_once(partial(install, bundle, profile, acceptances={}, hand_to=handed))
    assert list(profile.models.rglob("*.part"))
    give_up(bundle, profile, handed)
    assert not list(profile.models.rglob("*.part"))
    assert [path.name for path in (profile.models / "bundles").iterdir()] == ["lock"]


def for_all(profile: Profile, shared: Path) -> Profile:
    return Profile(profile.folder, Policy(shared_models=shared))


def install_for_all(file: Path, profile: Profile) -> Installed:
    *_, last = install(open_bundle(file), profile, Stop(), acceptances={}, for_all=True)
    assert isinstance(last, Installed)
    return last


def test_an_administrator_installs_once_for_all_users(
    profile: Profile, tmp_path: Path, carried: list[Cargo]
) -> None:
    before = os.umask(0o077)
    try:
        licence = catalogue().licence("llama3.1")
        assert licence
        adapter = write_adapter(tmp_path / "adapter.gguf")
        file = make(
            tmp_path / "carry",
            [*carried, licence_cargo(licence), file_cargo(Kind.ADAPTER, adapter)],
        )
        administrator = for_all(profile, tmp_path / "machine" / "models")
        found = install_for_all(file, administrator)
    finally:
        os.umask(before)
    shared = administrator.shared_models
    assert found.models[0].parent == shared
    assert found.adapters == ()
    assert not any(profile.models.glob("*.gguf"))
    other = Shelf(tmp_path / "other", shared).items()[1:]
    assert {item.origin for item in other} == {Origin.SHARED}
    assert [item.path for item in other] == sorted(found.models)
    assert all(item.record for item in other)
    if os.name == "posix":
        for path in (*shared.glob("*.gguf"), *shared.glob("*.json"), *found.licences):
            assert path.stat().st_mode & 0o777 == 0o644
        for path in (shared, shared / "licences"):
            assert path.stat().st_mode & 0o777 == 0o755
        assert (shared / "bundles").stat().st_mode & 0o077 == 0


def test_who_may_not_write_for_all_is_told_so(file: Path, profile: Profile, tmp_path: Path) -> None:
    (tmp_path / "machine").write_text("no folder", encoding="utf-8")
    with pytest.raises(Refused, match=r"folder for all users, .*machine.*administrator"):
        install_for_all(file, for_all(profile, tmp_path / "machine" / "models"))


@pytest.mark.skipif(os.name != "posix", reason="needs owners of files")
def test_nothing_goes_through_a_folder_of_somebody_else(
    file: Path, profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = os.geteuid()
    (tmp_path / "machine" / "bundles").mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(Refused, match="folder for all users"):
        install_for_all(file, for_all(profile, tmp_path / "machine"))


def test_all_is_on_disk_before_it_is_marked_as_whole(
    file: Path, profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: set[str] = set()

    def note(folder: Path) -> None:
        if not any(profile.models.rglob("whole")):
            flushed.add(folder.name)

    monkeypatch.setattr(installing, "flush_folder", note)
    put(file, profile, tmp_path / "handed")
    assert {"0", "handed"} <= flushed


def test_only_one_bundle_is_installed_at_a_time(file: Path, profile: Profile) -> None:
    (profile.models / "bundles").mkdir(parents=True)
    with (
        locked(profile.models / "bundles" / "lock"),
        pytest.raises(Refused, match="Another window or command"),
    ):
        put(file, profile)


def test_another_file_in_the_folder_is_not_overwritten(
    file: Path, profile: Profile, tmp_path: Path
) -> None:
    (tmp_path / "handed").mkdir()
    (tmp_path / "handed" / "policy.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(Refused, match=r"“policy\.toml” is another file"):
        put(file, profile, tmp_path / "handed")
    assert (tmp_path / "handed" / "policy.toml").read_text(encoding="utf-8") == "mine"


def test_a_link_in_the_folder_leads_to_no_other_file(
    file: Path, profile: Profile, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_bytes(b"mine\0\0")
    (tmp_path / "handed").mkdir()
    (tmp_path / "handed" / "policy.toml.part").symlink_to(tmp_path / "mine")
    put(file, profile, tmp_path / "handed")
    assert (tmp_path / "mine").read_bytes() == b"mine\0\0"


def test_a_pipe_in_the_folder_is_another_file(file: Path, profile: Profile, tmp_path: Path) -> None:
    (tmp_path / "handed").mkdir()
    os.mkfifo(tmp_path / "handed" / "policy.toml")
    with pytest.raises(Refused, match="another file"):
        put(file, profile, tmp_path / "handed")


def test_a_disk_that_is_too_small_is_foreseen(
    file: Path, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(profile.folder)._replace(free=50_000)
    monkeypatch.setattr("sottovoce.models.bundle.install.shutil.disk_usage", lambda _: usage)
    with pytest.raises(NoRoom, match="on this computer"):
        put(file, profile)


def test_a_full_medium_leaves_no_bundle(tmp_path: Path, carried: list[Cargo]) -> None:
    with largest_file(50_000), pytest.raises(NoRoom):
        make(tmp_path / "carry.sottovoce-bundle", carried)
    assert not list(tmp_path.glob("carry*"))


def test_a_stick_that_takes_no_large_file_is_foreseen(
    tmp_path: Path, carried: list[Cargo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sottovoce.models.bundle.create.largest_file", lambda _: 50_000)
    with pytest.raises(NoRoom, match="--split"):
        make(tmp_path / "carry", carried)
    assert make(tmp_path / "carry", carried, split=40_000).is_dir()


def test_the_file_systems_of_this_machine_take_large_files(tmp_path: Path) -> None:
    assert mounts.largest_file(tmp_path) is None


def test_stopping_leaves_no_bundle(tmp_path: Path, carried: list[Cargo]) -> None:
    for split in (None, 30_000):
        work = partial(create, carried, tmp_path / "carry", KEY, name="One", split=split)
        with pytest.raises(Cancelled):
            stop_at_once(work)
        assert not list(tmp_path.glob("carry*"))


@pytest.mark.parametrize("split", [None, 30_000])
def test_only_what_was_begun_with_the_same_key_is_swept(
    tmp_path: Path, carried: list[Cargo], split: int | None
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    def begun(name: str, key: SecretKey) -> Path:
        whole = make(tmp_path / "whole", carried, key=key, split=split)
        return whole.rename(tmp_path / f"{name}.{gone.pid}.making")

    ours, anothers = begun("a", KEY), begun("b", new_key())
    mine, alike = tmp_path / f"c.{gone.pid}.making", tmp_path / f"d.{gone.pid}.making-of"
    mine.write_text("A film about the making.", encoding="utf-8")
    alike.write_text("mine", encoding="utf-8")
    make(tmp_path / "carry", carried, split=split)
    assert not ours.exists()
    assert anothers.exists()
    assert mine.exists()
    assert alike.exists()


def test_a_bundle_takes_no_other_files_place(tmp_path: Path, carried: list[Cargo]) -> None:
    (tmp_path / "carry").write_text("mine", encoding="utf-8")
    with pytest.raises(Refused):
        make(tmp_path / "carry", carried)
    assert (tmp_path / "carry").read_text(encoding="utf-8") == "mine"


def test_a_model_that_changed_since_it_came_is_not_carried(
    tmp_path: Path, carried: list[Cargo]
) -> None:
    with pytest.raises(Damaged, match="not what it was"):
        make(tmp_path / "carry", [replace(carried[0], sha256=("0" * 64,))])
    assert not list(tmp_path.glob("carry*"))


def test_models_of_one_name_are_told_apart(tmp_path: Path, profile: Profile) -> None:
    shelf = Shelf(tmp_path / "shelf")
    twins = [
        model_cargo(shelf.link(model_file(tmp_path / f"{seed}", seed=seed), Stop()))
        for seed in (1, 2)
    ]
    put(make(tmp_path / "carry", twins), profile)
    names = sorted(item.path.name for item in Shelf(profile.models).items()[1:])
    assert names == ["2-talk.gguf", "talk.gguf"]


def test_a_file_that_another_program_named_gets_the_name_of_its_model(tmp_path: Path) -> None:
    path = model_file(tmp_path, "sha256-abc")
    item = Shelf(tmp_path / "shelf").link(path, Stop())
    assert model_cargo(replace(item, name="Talk: 8B?")).names == ("Talk- 8B.gguf",)


@pytest.mark.journey
@pytest.mark.skipif(os.name != "posix", reason="Here nothing is killed at once.")
def test_being_killed_costs_nothing_but_another_run(tmp_path: Path) -> None:
    toll = kill_while_installing(tmp_path, 12, random.Random(7))
    assert (toll.half, toll.lost, toll.left) == (0, 0, 0)


def test_a_file_that_shrinks_while_it_is_read_is_told(tmp_path: Path, carried: list[Cargo]) -> None:
    work = create(carried, tmp_path / "carry", KEY, Stop(), name="One", split=30_000)
    next(work)
    os.truncate(tmp_path / "from" / "talk.gguf", 40_000)
    with pytest.raises(Interrupted, match="changed while it was read"):
        list(work)
    assert not list(tmp_path.glob("carry*"))
