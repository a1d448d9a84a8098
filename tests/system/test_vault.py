import base64
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from argon2 import low_level
from argon2.exceptions import HashingError

from fakes import MemorySecrets
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Damaged, Interrupted, Missing, NoRoom, Refused
from sottovoce.system import use
from sottovoce.system.audit import Event, read_log
from sottovoce.system.paths import Profile
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.slots import Cost, Protection
from sottovoce.system.use import alone
from sottovoce.system.vault import Vault, vault_of

CHEAP = Cost(memory=8 * 1024, passes=1, lanes=1)
"""So that no test waits for what only somebody who guesses should wait for."""


@pytest.fixture
def drawer() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", CHEAP)


def spoil(*files: Path) -> None:
    for file in files:
        file.write_bytes(file.read_bytes().replace(b"slots", b"sluts"))


def in_a_file(contents: dict[str, object]) -> bytes:
    """What somebody who knows how vaults are written could make of them."""
    encoded = json.dumps(contents).encode()
    proof = hashlib.sha256(encoded).hexdigest().encode()
    return b'{"contents":%b,"sha256":"%b"}' % (encoded, proof)


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
from itertools import cycle
from pathlib import Path
from sottovoce.system.slots import Cost
from sottovoce.system.vault import Vault
vault = Vault(Path(sys.argv[1]), Cost(memory=8 * 1024, passes=1, lanes=1))
key = vault.open_with_passphrase(sys.argv[2])
for passphrase in cycle(("one", "two")):
    vault.add_passphrase(key, passphrase)
    print("changed", flush=True)
"""


def opened_with_either(vault: Vault, passphrases: tuple[str, ...]) -> tuple[str, bytes]:
    """The passphrase that is right now, and the key it gave."""
    for passphrase in passphrases:
        with suppress(Refused):
            return passphrase, vault.open_with_passphrase(passphrase)
    raise AssertionError("No passphrase opens it any more.")


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_a_change_that_is_killed_leaves_a_vault_that_opens(vault: Vault, tmp_path: Path) -> None:
    key = vault.create(secrets=None, passphrase="one")
    for changes in range(1, 7):
        passphrase, opened = opened_with_either(vault, ("one", "two"))
        assert opened == key
        with subprocess.Popen(
            [sys.executable, "-c", CHANGING, tmp_path / "vault", passphrase],
            stdout=subprocess.PIPE,
        ) as changing:
            assert changing.stdout is not None
            for _ in range(changes):
                assert changing.stdout.readline() == b"changed\n"
            changing.send_signal(signal.SIGKILL)


def test_of_two_made_at_once_one_is_refused_and_the_other_opens(
    vault: Vault, drawer: MemorySecrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    winner = Vault(tmp_path / "vault", CHEAP)
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
    assert {file.name for file in tmp_path.iterdir()} == {"vault", "in-use"}


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


OLD = Path(__file__).parent / "vaults" / "keyring_and_passphrase.json"
OLD_KEY = bytes.fromhex(
    "7312ef821bfdb7df86613c76bf1c8e19729c53ec59e6cca58bce5c483c22ddee"
    "6f023f5e690044c28e01e183cf0b7ab3"
)
OLD_SECRET = bytes.fromhex("34bd709dab35f79279e2470195c80992a6526dddda6e32bc79eabc89136b96d7")


def test_a_vault_of_the_first_form_still_opens(vault: Vault, drawer: MemorySecrets) -> None:
    vault.settle(OLD.read_bytes())
    drawer.set(f"vault {vault.id}", OLD_SECRET)
    assert vault.open_with_passphrase("correct horse") == OLD_KEY
    assert vault.open_with_keyring(drawer) == OLD_KEY
    recovery_key = new_recovery_key()
    vault.add_recovery_key(OLD_KEY, recovery_key)
    assert vault.open_with_recovery_key(recovery_key) == OLD_KEY


def test_a_recovery_key_opens_it_and_the_next_one_takes_its_place(vault: Vault) -> None:
    key = vault.create(secrets=None, passphrase="correct horse")
    first, second = new_recovery_key(), new_recovery_key()
    vault.add_recovery_key(key, first)
    assert vault.open_with_recovery_key(first.lower().replace("-", " ")) == key
    vault.add_recovery_key(key, second)
    assert vault.open_with_recovery_key(second) == key
    with pytest.raises(Refused, match="not that of these chats"):
        vault.open_with_recovery_key(first)


def test_without_a_recovery_key_one_is_not_asked_for(vault: Vault) -> None:
    vault.create(secrets=None, passphrase="correct horse")
    with pytest.raises(Missing, match="Type the passphrase"):
        vault.open_with_recovery_key(new_recovery_key())


def test_the_last_that_opens_it_is_never_removed(vault: Vault, drawer: MemorySecrets) -> None:
    key = vault.create(secrets=drawer, passphrase=None)
    vault.add_recovery_key(key, new_recovery_key())
    with pytest.raises(Refused, match="Add the keyring or a passphrase first"):
        vault.remove(Protection.KEYRING, drawer)
    assert vault.open_with_keyring(drawer) == key
    vault.add_passphrase(key, "correct horse")
    vault.remove(Protection.KEYRING, drawer)
    assert drawer.kept == {}
    assert vault.protections == {Protection.PASSPHRASE, Protection.RECOVERY}


def test_the_keyring_alone_is_not_enough_to_give_up_a_passphrase(
    vault: Vault, drawer: MemorySecrets
) -> None:
    key = vault.create(secrets=drawer, passphrase="correct horse")
    with pytest.raises(Refused, match="keyrings get lost"):
        vault.remove(Protection.PASSPHRASE)
    vault.add_recovery_key(key, new_recovery_key())
    vault.remove(Protection.PASSPHRASE)
    assert vault.protections == {Protection.KEYRING, Protection.RECOVERY}


def test_a_new_key_opens_with_the_same_things(
    vault: Vault, drawer: MemorySecrets, tmp_path: Path
) -> None:
    key = vault.create(secrets=drawer, passphrase="correct horse")
    recovery_key = new_recovery_key()
    vault.add_recovery_key(key, recovery_key)
    new, renewed = vault.renewed(key, passphrase="correct horse", secrets=drawer)
    after = Vault(tmp_path / "after", CHEAP)
    after.settle(renewed)
    assert new != key
    for before, opened in (
        (vault.open_with_keyring(drawer), after.open_with_keyring(drawer)),
        (
            vault.open_with_passphrase("correct horse"),
            after.open_with_passphrase("correct horse"),
        ),
        (vault.open_with_recovery_key(recovery_key), after.open_with_recovery_key(recovery_key)),
    ):
        assert (before, opened) == (key, new)


def test_who_has_a_key_that_was_changed_meanwhile_changes_nothing(
    vault: Vault, drawer: MemorySecrets, tmp_path: Path
) -> None:
    key = vault.create(secrets=None, passphrase="correct horse")
    new, renewed = vault.renewed(key, passphrase="correct horse", secrets=None)
    after = Vault(tmp_path / "after", CHEAP)
    after.settle(renewed)
    changes: tuple[Callable[[], object], ...] = (
        lambda: after.add_passphrase(key, "another"),
        lambda: after.add_keyring(key, drawer),
        lambda: after.add_recovery_key(key, new_recovery_key()),
        lambda: after.renewed(key, passphrase="correct horse", secrets=None),
    )
    for change in changes:
        with pytest.raises(Interrupted, match="Open them anew"):
            change()
    assert after.protections == {Protection.PASSPHRASE}
    assert after.open_with_passphrase("correct horse") == new
    assert drawer.kept == {}


def test_a_vault_that_is_being_replaced_is_not_changed(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use, "_PATIENCE", 0.0)
    key = vault.create(secrets=None, passphrase="correct horse")
    with alone(tmp_path), pytest.raises(Interrupted):
        vault.add_passphrase(key, "another")
    with alone(tmp_path), pytest.raises(Interrupted):
        Vault(tmp_path / "vault").create(secrets=None, passphrase="another")
    assert vault.open_with_passphrase("correct horse") == key


def test_a_restored_vault_and_the_one_before_have_secrets_of_their_own(
    vault: Vault, drawer: MemorySecrets, tmp_path: Path
) -> None:
    key = vault.create(secrets=drawer, passphrase="correct horse")
    restored = Vault(tmp_path / "restored", CHEAP)
    restored.settle(vault.portable())
    restored.add_keyring(key, drawer)
    assert restored.open_with_keyring(drawer) == vault.open_with_keyring(drawer) == key
    restored.remove(Protection.KEYRING, drawer)
    assert vault.open_with_keyring(drawer) == key


def test_a_new_secret_in_the_keyring_takes_the_place_of_the_one_before(
    vault: Vault, drawer: MemorySecrets
) -> None:
    key = vault.create(secrets=drawer, passphrase=None)
    (before,) = drawer.kept
    vault.add_keyring(key, drawer)
    (after,) = drawer.kept
    assert after != before
    assert vault.open_with_keyring(drawer) == key


def test_what_a_kill_left_unfinished_is_gone_after_the_next_change(
    vault: Vault, tmp_path: Path
) -> None:
    key = vault.create(secrets=None, passphrase="first")
    unfinished = tmp_path / "vault" / "vault.json.4711.tmp"
    unfinished.write_bytes((tmp_path / "vault" / "vault.json").read_bytes())
    vault.add_passphrase(key, "second")
    assert not unfinished.exists()


def test_a_salt_that_argon_does_not_take_is_damage(vault: Vault) -> None:
    contents = json.loads(OLD.read_bytes())["contents"]
    contents["slots"][-1]["salt"] = ""
    with pytest.raises(Damaged):
        vault.settle(in_a_file(contents))


def test_a_new_key_is_not_made_without_what_protects_the_old_one(
    vault: Vault, drawer: MemorySecrets
) -> None:
    key = vault.create(secrets=drawer, passphrase="correct horse")
    for passphrase, secrets in ((None, drawer), ("wrong", drawer), ("correct horse", None)):
        with pytest.raises(Refused):
            vault.renewed(key, passphrase=passphrase, secrets=secrets)
    drawer.kept = dict.fromkeys(drawer.kept, bytes(32))
    with pytest.raises(Refused, match="keyring"):
        vault.renewed(key, passphrase="correct horse", secrets=drawer)
    assert vault.open_with_passphrase("correct horse") == key


def test_a_new_key_is_not_wrapped_for_a_forger(vault: Vault, tmp_path: Path) -> None:
    key = OLD_KEY
    vault.settle(OLD.read_bytes())
    vault.remove(Protection.KEYRING)
    forger = Vault(tmp_path / "forger", CHEAP)
    forger.settle(vault.portable())
    vault.add_recovery_key(key, new_recovery_key())
    forger.add_recovery_key(bytes(48), new_recovery_key())  # Its first form tells no key.
    forgery = json.loads((tmp_path / "forger" / "vault.json").read_bytes())["contents"]
    forged = in_a_file({**forgery, "check": ""})
    for copy in (tmp_path / "vault").glob("vault*.json"):
        copy.write_bytes(forged)
    with pytest.raises(Refused, match="recovery key"):
        vault.renewed(key, passphrase="correct horse", secrets=None)


def test_of_two_copies_the_newer_one_counts(vault: Vault, tmp_path: Path) -> None:
    key = vault.create(secrets=None, passphrase="first")
    first, second = (tmp_path / "vault" / name for name in ("vault.json", "vault-copy.json"))
    old = first.read_bytes()
    vault.add_passphrase(key, "second")
    for stale in (first, second):
        stale.write_bytes(old)
        assert vault.open_with_passphrase("second") == key
        assert first.read_bytes() == second.read_bytes() != old


def test_several_wrong_passphrases_make_a_pause_that_outlives_the_window(
    vault: Vault, tmp_path: Path
) -> None:
    key = vault.create(secrets=None, passphrase="correct horse")
    recovery_key = new_recovery_key()
    vault.add_recovery_key(key, recovery_key)
    for _ in range(3):
        with pytest.raises(Refused, match=r"The passphrase is not right\."):
            vault.open_with_passphrase("wrong")
    again = Vault(tmp_path / "vault", CHEAP)
    assert 0 < again.pause <= 1
    with pytest.raises(Refused, match="wait"):
        again.open_with_passphrase("correct horse")
    assert again.open_with_recovery_key(recovery_key) == key
    assert again.pause == 0
    assert again.open_with_passphrase("correct horse") == key


def test_a_passphrase_that_administrators_want_cannot_be_removed(
    tmp_path: Path, drawer: MemorySecrets
) -> None:
    strict = vault_of(Profile(tmp_path, Policy(needs_passphrase=True)))
    strict.create(secrets=drawer, passphrase="seven words")
    with pytest.raises(Refused, match="administrator wants a passphrase"):
        strict.remove(Protection.PASSPHRASE)
    strict.remove(Protection.KEYRING)
    assert strict.protections == {Protection.PASSPHRASE}


def test_who_opens_and_who_fails_to_is_noted(tmp_path: Path) -> None:
    profile = Profile(tmp_path, Policy(audit=True))
    vault = vault_of(profile)
    vault.create(secrets=None, passphrase="seven words")
    with pytest.raises(Refused):
        vault.open_with_passphrase("eight words")
    vault.open_with_passphrase("seven words")
    assert [(entry.event, dict(entry.facts)) for entry in read_log(profile.audit)] == [
        (Event.PROTECTION_CHANGED, {"opens": "passphrase"}),
        (Event.WRONG_KEY, {"by": "passphrase"}),
        (Event.UNLOCKED, {"by": "passphrase"}),
    ]
    assert b"words" not in profile.audit.read_bytes()


def test_too_little_memory_for_a_passphrase_is_told(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.create(secrets=None, passphrase="correct horse")

    def fail(*_: object, **__: object) -> bytes:
        raise HashingError("Memory allocation error")

    monkeypatch.setattr(low_level, "hash_secret_raw", fail)
    with pytest.raises(NoRoom, match="8 MB of memory"):
        vault.open_with_passphrase("correct horse")
