"""Whether anything may be fetched, and from which hosts."""

from pathlib import Path

import pytest

from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Refused
from sottovoce.system.network.switch import (
    NetworkSettings,
    endpoint_at,
    host_named,
    read_switch,
    with_endpoint,
    with_host,
    write_switch,
)


def test_it_is_off_until_somebody_switches_it_on(tmp_path: Path) -> None:
    assert not read_switch(tmp_path / "network.json").on


def test_what_was_chosen_is_kept(tmp_path: Path) -> None:
    chosen = NetworkSettings(True, "https://mirror.example/hub", ("files.example",))
    write_switch(tmp_path / "network.json", chosen)
    assert read_switch(tmp_path / "network.json") == chosen


def test_a_policy_keeps_it_off_whatever_was_chosen(tmp_path: Path) -> None:
    place, never = tmp_path / "network.json", Policy(network=False)
    write_switch(place, NetworkSettings(on=True))
    assert not read_switch(place, never).on
    with pytest.raises(Refused, match="administrator keeps the network switched off"):
        write_switch(place, NetworkSettings(on=True), never)
    write_switch(place, NetworkSettings(on=False), never)


def test_a_policy_names_the_only_hosts(tmp_path: Path) -> None:
    place, policy = tmp_path / "network.json", Policy(hosts=("hub.example", "*.files.example"))
    forged = NetworkSettings(True, "https://hub.example", ("other.example",), ("other.example",))
    write_switch(place, forged)
    settings = read_switch(place, policy)
    assert settings.permits("hub.example")
    assert settings.permits("a.files.example")
    for host in ("files.example", "afiles.example", "other.example", "huggingface.co", "hf.co"):
        assert not settings.permits(host)


def test_what_a_policy_does_not_allow_cannot_be_chosen() -> None:
    settings = NetworkSettings(endpoint="https://hub.example", only=("hub.example", "*.b.example"))
    with pytest.raises(Refused, match=r"does not allow huggingface\.co"):
        with_endpoint(settings, "https://huggingface.co")
    with pytest.raises(Refused, match=r"does not allow c\.example.*hub\.example, \*\.b\.example"):
        with_host(settings, "c.example")
    assert with_host(settings, "a.b.example").hosts == ("a.b.example",)
    assert with_endpoint(settings, "https://a.b.example").endpoint_host == "a.b.example"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"on": "yes"}',
        '{"on": true, "endpoint": "http://hub.example"}',
        '{"on": true, "endpoint": "file:///etc"}',
        '{"on": true, "endpoint": 5}',
        '{"on": true, "hosts": ["a b"]}',
        '{"on": true, "hosts": "all"}',
    ],
)
def test_what_cannot_be_trusted_is_off(tmp_path: Path, content: str) -> None:
    (tmp_path / "network.json").write_text(content)
    assert not read_switch(tmp_path / "network.json").on


@pytest.mark.parametrize(
    ("host", "is_permitted"),
    [
        ("huggingface.co", True),
        ("HuggingFace.co.", True),
        ("cdn-lfs.huggingface.co", True),
        ("cas-bridge.xethub.hf.co", True),
        ("hf.co", True),
        ("extra.example", True),
        ("more.extra.example", False),
        ("evilhf.co", False),
        ("huggingface.co.evil.example", False),
        ("127.0.0.1", False),
        ("", False),
    ],
)
def test_the_hub_leads_to_its_own_family_and_what_the_user_allowed(
    host: str, is_permitted: bool
) -> None:
    assert NetworkSettings(on=True, hosts=("extra.example",)).permits(host) == is_permitted


def test_a_mirror_has_no_family() -> None:
    settings = NetworkSettings(on=True, endpoint="https://mirror.example")
    assert settings.permits("mirror.example")
    assert not settings.permits("cdn.mirror.example")
    assert not settings.permits("huggingface.co")
    assert not settings.permits("hf.co")


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        (" https://Mirror.Example/ ", "https://mirror.example"),
        ("https://mirror.example:8443/hf/", "https://mirror.example:8443/hf"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_endpoint_is_put_in_its_plain_form(typed: str, plain: str) -> None:
    assert endpoint_at(typed) == plain


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "huggingface.co",
        "http://huggingface.co",
        "http://192.168.1.1",
        "https://",
        "https://user:secret@mirror.example",
        "https://mirror.example/?a=b",
        "https://mirror example",
        "https://mirror.example:99999",
        "ftp://mirror.example",
        "https://[::1",
        "https://mirror.example/#x",
        "https://mirror.example/\x1b[31m",
    ],
)
def test_an_endpoint_without_protection_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        endpoint_at(typed)


def test_hosts_are_names_or_addresses() -> None:
    assert host_named(" Files.Example.org. ") == "files.example.org"
    assert host_named("10.0.0.7") == "10.0.0.7"
    for text in ("", "a b", "a/b", "https://a.example", "*.example", "a..b", "-a.example"):
        with pytest.raises(Refused):
            host_named(text)
