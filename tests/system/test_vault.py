import base64
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import MemorySecrets
from sottovoce.domain.problems import Damaged, Missing, Refused
from sottovoce.system.vault import Protection, Vault


@pytest.fixture
def drawer() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def spoil(*files: Path) -> None:
    for file in files:
        file.write_bytes(file.read_bytes().replace(b"slots", b"sluts"))


def test_before_it_is_made_nothing_protects_it(vault: Vault) -> None:
    assert not vault.exists
    assert vault.protections == frozenset()


def test_a_passphrase_opens_it(vault: Vault, tmp_path: Path) -> None:
    key = vault.create(secrets=None, passphrase="correct horse")
    assert len(key) == 48
    again = Vault(tmp_path / "vault")
    assert again.exists
    assert again.protections == {Protection.PASSPHRASE}
    assert again.open_with_passphrase("correct horse") == key
    with pytest.raises(Refused, match=r"The passphrase is not right\."):
        again.open_with_passphrase("correct house")


def test_the_keyring_opens_it(vault: Vault, drawer: MemorySecrets) -> None:
    key = vault.create(secrets=drawer, passphrase=None)
    assert vault.protections == {Protection.KEYRING}
    assert vault.open_with_keyring(drawer) == key


def test_either_may_open_it(vault: Vault, drawer: MemorySecrets) -> None:
    key = vault.create(secrets=drawer, passphrase="correct horse")
    assert vault.protections == {Protection.KEYRING, Protection.PASSPHRASE}
    assert vault.open_with_keyring(drawer) == vault.open_with_passphrase("correct horse") == key


def test_a_protection_can_be_added_and_replaced(vault: Vault, drawer: MemorySecrets) -> None:
    key = vault.create(secrets=None, passphrase="first")
    vault.add_keyring(key, drawer)
    vault.add_passphrase(key, "second")
    assert vault.open_with_keyring(drawer) == vault.open_with_passphrase("second") == key
    with pytest.raises(Refused):
        vault.open_with_passphrase("first")


def test_a_passphrase_is_the_same_however_it_is_typed(vault: Vault) -> None:
    key = vault.create(secrets=None, passphrase="caf\u00e9")
    assert vault.open_with_passphrase("cafe\u0301") == key


def test_a_passphrase_need_not_be_text(vault: Vault) -> None:
    key = vault.create(secrets=None, passphrase=os.fsdecode(b"\xff\xfe"))
    assert vault.open_with_passphrase(os.fsdecode(b"\xff\xfe")) == key


def test_an_existing_vault_is_never_replaced(vault: Vault, tmp_path: Path) -> None:
    vault.create(secrets=None, passphrase="first")
    spoil(tmp_path / "vault" / "vault.json", tmp_path / "vault" / "vault-copy.json")
    with pytest.raises(Refused):
        vault.create(secrets=None, passphrase="second")


def test_a_keyring_that_lost_the_key_points_to_the_passphrase(
    vault: Vault, drawer: MemorySecrets
) -> None:
    vault.create(secrets=drawer, passphrase="correct horse")
    drawer.kept.clear()
    with pytest.raises(Missing, match="passphrase"):
        vault.open_with_keyring(drawer)


def test_a_keyring_with_another_key_is_refused(vault: Vault, drawer: MemorySecrets) -> None:
    vault.create(secrets=drawer, passphrase=None)
    (name,) = drawer.kept
    drawer.kept[name] = bytes(32)
    with pytest.raises(Refused):
        vault.open_with_keyring(drawer)


def test_asking_for_a_protection_it_does_not_have_says_so(
    vault: Vault, drawer: MemorySecrets
) -> None:
    key = vault.create(secrets=None, passphrase="correct horse")
    with pytest.raises(Missing):
        vault.open_with_keyring(drawer)
    assert vault.open_with_passphrase("correct horse") == key


class ForgetfulDrawer(MemorySecrets):
    def set(self, name: str, value: bytes) -> None:
        """Keep nothing."""


def test_a_keyring_that_forgets_at_once_is_not_trusted(vault: Vault) -> None:
    with pytest.raises(Refused):
        vault.create(secrets=ForgetfulDrawer(), passphrase=None)
    assert not vault.exists


@pytest.mark.parametrize("damaged", ["vault.json", "vault-copy.json"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 300, b"{}", b"[1, 2"])
def test_either_copy_alone_is_enough(
    vault: Vault, tmp_path: Path, damaged: str, content: bytes
) -> None:
    key = vault.create(secrets=None, passphrase="correct horse")
    (tmp_path / "vault" / damaged).write_bytes(content)
    assert vault.open_with_passphrase("correct horse") == key
    (tmp_path / "vault" / damaged).unlink()
    assert vault.open_with_passphrase("correct horse") == key


@pytest.mark.parametrize("lost", ["vault.json", "vault-copy.json"])
def test_a_copy_that_is_missing_or_damaged_is_there_again_once_the_vault_is_open(
    vault: Vault, tmp_path: Path, drawer: MemorySecrets, lost: str
) -> None:
    vault.create(secrets=drawer, passphrase="correct horse")
    copy = tmp_path / "vault" / lost
    whole = copy.read_bytes()
    copy.unlink()
    with pytest.raises(Refused):
        vault.open_with_passphrase("wrong")
    assert not copy.exists()
    vault.open_with_passphrase("correct horse")
    assert copy.read_bytes() == whole
    copy.write_bytes(whole[:100])
    vault.open_with_keyring(drawer)
    assert copy.read_bytes() == whole


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs folder rights that bind")
def test_a_vault_opens_where_nothing_may_be_written(vault: Vault, tmp_path: Path) -> None:
    key = vault.create(secrets=None, passphrase="correct horse")
    (tmp_path / "vault" / "vault.json").unlink()
    (tmp_path / "vault").chmod(0o500)
    try:
        assert vault.open_with_passphrase("correct horse") == key
    finally:
        (tmp_path / "vault").chmod(0o700)


def test_damage_is_not_taken_for_a_wrong_passphrase(vault: Vault, tmp_path: Path) -> None:
    vault.create(secrets=None, passphrase="correct horse")
    spoil(tmp_path / "vault" / "vault.json", tmp_path / "vault" / "vault-copy.json")
    with pytest.raises(Damaged):
        vault.open_with_passphrase("correct horse")


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_only_the_owner_may_read_it_and_it_holds_no_secret(
    vault: Vault, tmp_path: Path, drawer: MemorySecrets
) -> None:
    key = vault.create(secrets=drawer, passphrase="correct horse")
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700
    (wrapping_key,) = drawer.kept.values()
    for file in (tmp_path / "vault").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        content = file.read_bytes()
        for secret in (key, key[:32], wrapping_key):
            assert secret not in content
            assert base64.b64encode(secret)[:40] not in content
            assert secret.hex().encode() not in content
        assert b"correct horse" not in content


CHANGING = """
import sys
from itertools import count
from pathlib import Path
from sottovoce.system.vault import Vault
drawer = type("MemorySecrets", (dict,), {"set": dict.__setitem__})()
vault = Vault(Path(sys.argv[1]))
key = vault.open_with_passphrase("correct horse")
for _ in count():
    vault.add_keyring(key, drawer)
    print("changed", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_a_change_that_is_killed_leaves_a_vault_that_opens(vault: Vault, tmp_path: Path) -> None:
    key = vault.create(secrets=None, passphrase="correct horse")
    for changes in range(1, 7):
        with subprocess.Popen(
            [sys.executable, "-c", CHANGING, tmp_path / "vault"], stdout=subprocess.PIPE
        ) as changing:
            assert changing.stdout is not None
            for _ in range(changes):
                assert changing.stdout.readline() == b"changed\n"
            changing.send_signal(signal.SIGKILL)
        assert vault.open_with_passphrase("correct horse") == key


def test_of_two_made_at_once_one_is_refused_and_the_other_opens(
    vault: Vault, drawer: MemorySecrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    winner = Vault(tmp_path / "vault")
    keys: list[bytes] = []

    def make_first(name: str, value: bytes) -> None:
        MemorySecrets.set(drawer, name, value)
        if not keys:
            keys.append(winner.create(secrets=None, passphrase="first"))

    monkeypatch.setattr(drawer, "set", make_first)
    with pytest.raises(Refused):
        vault.create(secrets=drawer, passphrase=None)

    assert vault.open_with_passphrase("first") == keys[0]
    assert drawer.kept == {}
    assert [file.name for file in tmp_path.iterdir()] == ["vault"]


def test_deeply_nested_nonsense_is_damage(vault: Vault, tmp_path: Path) -> None:
    vault.create(secrets=None, passphrase="correct horse")
    for file in (tmp_path / "vault").iterdir():
        file.write_bytes(b"[" * 100_000)

    with pytest.raises(Damaged):
        vault.open_with_passphrase("correct horse")


def test_what_is_carried_elsewhere_opens_without_the_keyring(
    vault: Vault, drawer: MemorySecrets, tmp_path: Path
) -> None:
    key = vault.create(secrets=drawer, passphrase="correct horse")
    elsewhere = Vault(tmp_path / "elsewhere")
    elsewhere.settle(vault.portable())
    assert elsewhere.protections == {Protection.PASSPHRASE}
    assert elsewhere.open_with_passphrase("correct horse") == key
    with pytest.raises(Refused):
        elsewhere.settle(vault.portable())


def test_what_only_the_keyring_opens_is_not_carried_elsewhere(
    vault: Vault, drawer: MemorySecrets
) -> None:
    vault.create(secrets=drawer, passphrase=None)
    with pytest.raises(Missing, match="passphrase"):
        vault.portable()


def test_no_vault_is_made_of_anything_else(vault: Vault) -> None:
    with pytest.raises(Damaged):
        vault.settle(b"something else")
    assert not vault.exists
