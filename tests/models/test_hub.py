"""The hub's real client, in the network process, against the hub of the tests."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub_server import Fault, HubServer
from sottovoce.domain.problems import Missing, Refused, Unreachable
from sottovoce.domain.stop import Stop
from sottovoce.models.remote import Remote
from sottovoce.models.repository import Gate, RemoteFile, Repository
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import NetworkSettings, write_switch
from sottovoce.system.paths import Profile, profile

SMALL = "anna/small-GGUF"
GATED = "berta/gated-GGUF"
CONTENT = b"GGUF" + bytes(range(256)) * 100
REPOSITORIES = {
    SMALL: {"small.gguf": CONTENT, "Q8_0/small-Q8.gguf": CONTENT * 2, "README.md": b"# Small"},
    GATED: {"gated.gguf": CONTENT},
    "anna/other-GGUF": {"other.gguf": CONTENT},
}

Connect = Callable[..., Remote]


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer(REPOSITORIES, gated=[GATED], licence="llama3.1") as hub:
        yield hub


@pytest.fixture
def online(tmp_path: Path, hub: HubServer) -> Profile:
    made = profile(tmp_path / "profile")
    write_switch(made.network, NetworkSettings(on=True, endpoint=hub.url))
    return made


@pytest.fixture
def remote(online: Profile) -> Remote:
    return Remote(online)


def described(hub: HubServer, repository: str = SMALL, **instead: object) -> bytes:
    """What the hub says of a repository, with these fields in the place of the true ones."""
    return json.dumps(hub.described(repository) | instead).encode()


def test_a_search_finds_what_there_is(remote: Remote, hub: HubServer) -> None:
    found = remote.search("anna", Stop())
    assert [each.repository for each in found] == [SMALL, "anna/other-GGUF"]
    assert (found[0].downloads, found[0].likes, found[0].gate) == (1234, 56, Gate.OPEN)
    assert found[0].updated is not None
    assert found[0].updated.isoformat() == "2026-02-03T04:05:06+00:00"
    assert "filter=gguf" in hub.asked[0].path


def test_a_search_finds_no_more_than_was_asked_for(remote: Remote, hub: HubServer) -> None:
    assert len(remote.search("", Stop(), limit=1)) == 1
    assert len(hub.asked) == 1


def test_a_search_reads_several_pages(tmp_path: Path) -> None:
    many = {f"anna/model-{number}": {"a.gguf": b"GGUF"} for number in range(7)}
    with HubServer(many, page=3) as hub:
        made = profile(tmp_path)
        write_switch(made.network, NetworkSettings(on=True, endpoint=hub.url))
        assert [found.repository for found in Remote(made).search("model", Stop())] == list(many)


def test_a_repository_is_described(remote: Remote, hub: HubServer) -> None:
    assert remote.describe(SMALL, None, Stop()) == Repository(
        name=SMALL,
        commit=hub.commit(SMALL),
        files=(
            RemoteFile("small.gguf", len(CONTENT), hub.sha256(SMALL, "small.gguf")),
            RemoteFile(
                "Q8_0/small-Q8.gguf", 2 * len(CONTENT), hub.sha256(SMALL, "Q8_0/small-Q8.gguf")
            ),
            RemoteFile("README.md", 7, None),
        ),
        gate=Gate.OPEN,
        licence="llama3.1",
        tags=("gguf", "license:llama3.1"),
        updated=remote.describe(SMALL, hub.commit(SMALL), Stop()).updated,
    )


def test_a_gated_repository_says_so(remote: Remote) -> None:
    assert remote.describe(GATED, None, Stop()).gate is Gate.MANUAL


def test_a_licence_of_its_own_is_called_by_its_name(remote: Remote, hub: HubServer) -> None:
    card = {"license": "other", "license_name": "gemma-terms"}
    hub.fault(Fault("/api/models/", body=described(hub, cardData=card)))
    assert remote.describe(SMALL, None, Stop()).licence == "gemma-terms"


def test_a_repository_that_was_renamed_is_found(remote: Remote, hub: HubServer) -> None:
    there = {"Location": f"/api/models/{SMALL}?blobs=true"}
    hub.fault(Fault("anna/was-GGUF", status=307, headers=there))
    assert remote.describe("anna/was-GGUF", None, Stop()).name == SMALL


def test_no_more_is_asked_than_was_asked_for(
    hub: HubServer, online: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither telemetry nor a registry of tools, and nothing of the user's own login."""
    home = tmp_path / "home"
    (home / ".cache/huggingface").mkdir(parents=True)
    (home / ".cache/huggingface/token").write_text("hf_from_a_file")
    before = sorted(home.rglob("*"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_TOKEN", "hf_from_the_environment")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("CLAUDECODE", "1")  # One of the tools that the hub's client tells of.
    for name in ("HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    remote = Remote(online)
    remote.search("small", Stop())
    remote.describe(SMALL, None, Stop())
    assert hub.paths() == ["/api/models", f"/api/models/{SMALL}"]
    for asked in hub.asked:
        assert asked.token is None
        assert "claude" not in str(asked.headers).lower()
    assert sorted(home.rglob("*")) == before
    assert {entry.host for entry in Ledger(online.ledger).entries()} == {"127.0.0.1"}


def test_the_token_goes_along(hub: HubServer, online: Profile) -> None:
    Remote(online, token=lambda: "hf_good").describe(GATED, None, Stop())
    assert hub.asked[0].token == "Bearer hf_good"


def test_a_token_that_is_wrong_is_told(online: Profile) -> None:
    with pytest.raises(Refused, match="does not know your access token"):
        Remote(online, token=lambda: "wrong").describe(SMALL, None, Stop())


def test_a_token_is_taken_without_the_space_around_it(hub: HubServer, online: Profile) -> None:
    Remote(online, token=lambda: " hf_good\n").describe(GATED, None, Stop())
    assert hub.asked[0].token == "Bearer hf_good"


@pytest.mark.parametrize("token", ["hf_go\nod: 1", "hf_göod", "two words", "x" * 501])
def test_what_is_no_token_is_not_sent(hub: HubServer, online: Profile, token: str) -> None:
    with pytest.raises(Refused, match="no access token"):
        Remote(online, token=lambda: token).describe(SMALL, None, Stop())
    assert hub.asked == []


def test_a_locked_keyring_does_not_stop_what_needs_no_token(online: Profile) -> None:
    def locked() -> str:
        raise Refused("The keyring is locked.")

    assert Remote(online, token=locked).search("small", Stop())


@pytest.mark.parametrize(
    "name", ["anna/nothing-there", "anna", "a/b/c", "../etc", "anna/..", "a b/c", "anna/x?y", ""]
)
def test_a_repository_that_is_not_there_is_missing(remote: Remote, name: str) -> None:
    with pytest.raises(Missing):
        remote.describe(name, None, Stop())


@pytest.mark.parametrize("revision", ["gone", "a/b", "../main", "0" * 40])
def test_a_revision_that_is_not_there_is_missing(remote: Remote, revision: str) -> None:
    with pytest.raises(Missing):
        remote.describe(SMALL, revision, Stop())


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_hub_in_trouble_is_asked_once(remote: Remote, hub: HubServer, status: int) -> None:
    hub.fault(Fault("/api", times=9, status=status, headers={"Retry-After": "3600"}))
    with pytest.raises(Unreachable):
        remote.search("small", Stop())
    assert len(hub.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Welcome to our network! Please sign in.</body></html>",
        b"",
        b"{",
        b"[]",
        b"[1, 2]",
        b'{"id": 3}',
        b'{"error": "no"}',
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_none_of_a_hubs_is_told(
    remote: Remote, hub: HubServer, body: bytes
) -> None:
    hub.fault(Fault("/api", body=body))
    with pytest.raises(Unreachable, match="did not answer as a hub does"):
        remote.describe(SMALL, None, Stop())


@pytest.mark.parametrize("commit", [None, "main", "../../x", 7, "A" * 40])
def test_a_commit_that_is_none_is_told(remote: Remote, hub: HubServer, commit: object) -> None:
    hub.fault(Fault("/api", body=described(hub, sha=commit)))
    with pytest.raises(Unreachable, match="did not answer as a hub does"):
        remote.describe(SMALL, None, Stop())


def test_files_of_unsafe_names_are_left_out(remote: Remote, hub: HubServer) -> None:
    names: list[object] = [
        "../up.gguf",
        "/etc/passwd",
        "a/../../b.gguf",
        "C:\\x.gguf",
        "a\nb.gguf",
        "a//b.gguf",
        "./a.gguf",
        " .gguf/..",
        "x" * 300,
        "a\u202eb.gguf",
        "con:.gguf",
        "",
        "good/model Q4.gguf",
    ]
    siblings = [{"rfilename": name, "size": 10} for name in names]
    hub.fault(Fault("/api", body=described(hub, siblings=siblings)))
    files = remote.describe(SMALL, None, Stop()).files
    assert [file.name for file in files] == ["good/model Q4.gguf"]


def test_a_repository_without_end_is_refused(remote: Remote, hub: HubServer) -> None:
    siblings = [{"rfilename": "a.gguf", "size": 1}] * 30_000
    hub.fault(Fault("/api", body=described(hub, siblings=siblings)))
    with pytest.raises(Refused, match="more files"):
        remote.describe(SMALL, None, Stop())


@pytest.mark.parametrize("size", [-1, None, 2**60, "10", 1.5])
def test_files_of_impossible_sizes_are_left_out(
    remote: Remote, hub: HubServer, size: object
) -> None:
    hub.fault(Fault("/api", body=described(hub, siblings=[{"rfilename": "a", "size": size}])))
    assert remote.describe(SMALL, None, Stop()).files == ()


def test_a_fingerprint_that_is_none_is_not_believed(remote: Remote, hub: HubServer) -> None:
    lfs = {"sha256": "../../evil", "size": 10, "pointerSize": 1}
    siblings = [{"rfilename": "a.gguf", "size": 10, "lfs": lfs}]
    hub.fault(Fault("/api", body=described(hub, siblings=siblings)))
    assert remote.describe(SMALL, None, Stop()).files == (RemoteFile("a.gguf", 10, None),)


def test_pages_at_another_host_are_not_read(remote: Remote, hub: HubServer) -> None:
    hub.fault(Fault("/api", headers={"Link": '<https://evil.example/>; rel="next"'}))
    with pytest.raises(Refused, match=r"evil\.example"):
        remote.search("anna", Stop())
