import pytest

from fakes import MemorySecrets
from sottovoce.domain.problems import Refused
from sottovoce.system.network.switch import NetworkSettings
from sottovoce.system.network.token import forget_token, keep_token, read_token

HUB = NetworkSettings()


def test_a_token_is_kept_until_it_is_forgotten() -> None:
    secrets = MemorySecrets()
    assert read_token(secrets, HUB) is None
    keep_token(secrets, HUB, "  hf_abcdefgh\n")
    assert read_token(secrets, HUB) == "hf_abcdefgh"
    forget_token(secrets, HUB)
    forget_token(secrets, HUB)
    assert secrets.kept == {}


def test_another_hub_is_not_told_the_token() -> None:
    secrets = MemorySecrets()
    keep_token(secrets, HUB, "hf_abcdefgh")
    assert read_token(secrets, NetworkSettings(endpoint="https://mirror.example.org")) is None


@pytest.mark.parametrize("text", ["", "hf two words", "hf_ü234567", "x" * 600])
def test_what_is_no_token_is_not_kept(text: str) -> None:
    secrets = MemorySecrets()
    with pytest.raises(Refused, match="no access token"):
        keep_token(secrets, HUB, text)
    assert secrets.kept == {}


def test_without_a_keyring_there_is_no_token_and_none_is_kept() -> None:
    assert read_token(None, HUB) is None
    forget_token(None, HUB)
    with pytest.raises(Refused, match="no keyring"):
        keep_token(None, HUB, "hf_abcdefgh")
