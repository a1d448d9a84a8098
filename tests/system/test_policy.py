"""The file by which administrators decide: nobody else can write it, and no rule is missed."""

import os
import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Damaged, Missing, Problem, Refused
from sottovoce.system.policy import policy_in_force, policy_place, read_policy

ALL = f"""\
# What applies here.
banner = "VS-NfD – nur für den Dienstgebrauch"
network = false
hosts = ["Hub.Example.org", "*.files.example.org"]
models = ["{"AB" * 32}"]
signers = ["abcd-efgh-ijkl-mnop-qrst-uvwx-yz23-4567"]
updates = false
needs_passphrase = true
temporary = false
lock_after = 5
needs_sandbox = true
retention = 30
export = false
api = false
shared_models = "/srv/models"
audit = true
"""

needs_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can make what is root's"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o755)
    return folder / "policy.toml"


def test_every_rule_is_read(file: Path) -> None:
    file.write_text(ALL, encoding="utf-8")
    assert read_policy(file) == Policy(
        banner="VS-NfD – nur für den Dienstgebrauch",
        network=False,
        hosts=("hub.example.org", "*.files.example.org"),
        models=frozenset({"ab" * 32}),
        signers=frozenset({"ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ23-4567"}),
        updates=False,
        needs_passphrase=True,
        temporary=False,
        lock_after=5,
        needs_sandbox=True,
        retention=30,
        export=False,
        api=False,
        shared_models=Path("/srv/models"),
        audit=True,
    )


@pytest.mark.parametrize("content", [b"", b"# nothing\r\n", b"\xef\xbb\xbf\n"])
def test_without_rules_each_user_decides(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert read_policy(file) == NO_RULES


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\nnetwrk = false", "netwrk in line 2: there is no such rule"),
        ("network = 0", "network in line 1: expected true or false, got a whole number"),
        ('network = "false"', "network in line 1: expected true or false, got a text in quotes"),
        ('audit = true\nhosts = "hub.example"', "hosts in line 2: expected a list in brackets"),
        ("hosts = [1]", "hosts in line 1: expected a text in quotes, got a whole number"),
        ('hosts = ["https://hub.example/"]', "hosts in line 1: 'https://hub.example/' is no name"),
        ('hosts = ["*"]', "'*' is no name of a host"),
        ('models = ["abc"]', "models in line 1: 'abc' is no SHA-256"),
        ('signers = ["ABCD"]', "signers in line 1: 'ABCD' is no fingerprint"),
        ("lock_after = 0", "lock_after in line 1: expected a whole number >= 1"),
        ("retention = 1.5", "retention in line 1: expected a whole number, got a fraction"),
        ("[network]\nallowed = true", "network in line 1: expected true or false, got a table"),
        ("network.allowed = true", "network in line 1: expected true or false, got a table"),
        ('shared_models = "models"', "shared_models in line 1: 'models' is no full path"),
        ('banner = "a\\nb"', "banner in line 1: it has to be one line"),
        ('banner = "a\\u202Eb"', "banner in line 1: it has to be one line"),
        (f'banner = "{"a" * 201}"', "banner in line 1: it has to be shorter than 200"),
        ("network = ", "Invalid value"),
        (f"lock_after = {'1' * 5_000}", "cannot be obeyed"),
        ("network = false\nnetwork = true", "Cannot overwrite a value"),
        ("a = " + "[" * 10_000, "cannot be obeyed"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_place(
    file: Path, text: str, says: str
) -> None:
    file.write_text(text)
    with pytest.raises(Damaged) as told:
        read_policy(file)
    assert says in str(told.value)
    assert str(file) in str(told.value)


@pytest.mark.parametrize("content", [b"network = \xff", b"#" * 1_000_001])
def test_what_is_no_text_or_too_much_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(Damaged):
        read_policy(file)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(Missing, match=r"policy\.toml"):
        policy_in_force(file, place=file.with_name("none.toml"))


def test_a_computer_without_a_policy_has_no_rules(file: Path) -> None:
    assert policy_in_force(place=file) == NO_RULES
    assert policy_in_force(place=file.parent / "no folder" / "policy.toml") == NO_RULES


def test_a_policy_can_be_tried_out_where_there_is_none(file: Path) -> None:
    file.write_text("network = false")
    assert not policy_in_force(file, place=file.with_name("none.toml")).network


@needs_root
def test_the_policy_of_the_computer_is_obeyed_and_no_other_beside_it(
    file: Path, tmp_path: Path
) -> None:
    file.write_text("network = false")
    assert not policy_in_force(place=file).network
    other = tmp_path / "other.toml"
    other.touch()
    with pytest.raises(Refused, match="Leave out --policy"):
        policy_in_force(other, place=file)


@needs_root
@pytest.mark.parametrize("mode", [0o666, 0o664, 0o646])
def test_what_others_may_write_is_not_trusted(file: Path, mode: int) -> None:
    file.write_text("network = true")
    file.chmod(mode)
    with pytest.raises(Refused, match="in the hands of administrators"):
        policy_in_force(place=file)


@needs_root
def test_what_others_may_replace_is_not_trusted(file: Path) -> None:
    file.write_text("network = true")
    file.parent.chmod(0o777)
    with pytest.raises(Refused, match="in the hands of administrators"):
        policy_in_force(place=file)


@needs_root
def test_what_a_user_owns_is_not_trusted(file: Path, tmp_path: Path) -> None:
    file.write_text("network = true")
    os.chown(file, 1000, 1000)
    with pytest.raises(Refused, match="in the hands of administrators"):
        policy_in_force(place=file)
    os.chown(file, 0, 0)
    os.chown(file.parent, 1000, 1000)
    with pytest.raises(Refused, match="in the hands of administrators"):
        policy_in_force(place=file)
    os.chown(file.parent, 0, 0)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    tmp_path.chmod(0o755)
    assert policy_in_force(place=link) == NO_RULES
    os.chown(file, 1000, 1000)
    with pytest.raises(Refused, match="in the hands of administrators"):
        policy_in_force(place=link)


def test_a_link_to_nothing_is_no_missing_policy(file: Path) -> None:
    file.symlink_to(file.with_name("gone.toml"))
    with pytest.raises(Problem):
        policy_in_force(place=file)


def test_a_folder_in_its_place_is_no_missing_policy(file: Path) -> None:
    file.mkdir()
    with pytest.raises(Refused):
        policy_in_force(place=file)


def test_the_environment_does_not_say_where_the_policy_is(monkeypatch: pytest.MonkeyPatch) -> None:
    place = policy_place()
    for name in ("XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "HOME", "PROGRAMDATA"):
        monkeypatch.setenv(name, "/elsewhere")
    assert policy_place() == place


def test_the_example_has_every_rule_and_can_be_obeyed(file: Path) -> None:
    example = Path(__file__).parents[2] / "packaging" / "airgap" / "policy-example.toml"
    text = example.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    assert read_policy(file) == NO_RULES
    rules = re.findall(r"^# (?=\w+ = )", text, re.MULTILINE)
    file.write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE), encoding="utf-8")
    policy = read_policy(file)
    assert len(rules) == len(fields(Policy))
    assert all(getattr(policy, rule.name) != rule.default for rule in fields(Policy))
