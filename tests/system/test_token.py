from pathlib import Path

import pytest

from fakes import MemorySecrets
from sottovoce.domain.problems import Refused
from sottovoce.system.network.switch import NetworkSettings, write_switch
from sottovoce.system.network.token import HubToken
from sottovoce.system.paths import Profile


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path)


def test_a_token_is_kept_until_it_is_forgotten(profile: Profile) -> None:
    secrets = MemorySecrets()
    token = HubToken(profile, lambda: secrets)
    assert token.get() is None
    token.keep("  hf_abcdefgh\n")
    assert HubToken(profile, lambda: secrets).get() == "hf_abcdefgh"
    token.forget()
    token.forget()
    assert secrets.kept == {}


def test_another_hub_is_not_told_the_token(profile: Profile) -> None:
    secrets = MemorySecrets()
    token = HubToken(profile, lambda: secrets)
    token.keep("hf_abcdefgh")
    write_switch(profile.network, NetworkSettings(endpoint="https://mirror.example.org"))
    assert token.get() is None


@pytest.mark.parametrize("text", ["", "hf two words", "hf_ü234567", "x" * 600])
def test_what_is_no_token_is_not_kept(profile: Profile, text: str) -> None:
    secrets = MemorySecrets()
    with pytest.raises(Refused, match="no access token"):
        HubToken(profile, lambda: secrets).keep(text)
    assert secrets.kept == {}


def test_without_a_keyring_there_is_no_token_and_none_is_kept(profile: Profile) -> None:
    token = HubToken(profile, lambda: None)
    assert token.get() is None
    token.forget()
    with pytest.raises(Refused, match="no keyring"):
        token.keep("hf_abcdefgh")
