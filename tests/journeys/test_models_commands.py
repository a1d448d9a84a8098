"""Models typed: found, fetched, checked, put on the shelf and taken off again."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.lora import write_adapter
from hub_server import Fault, HubServer
from program import Program
from tiny_llama import tiny_llama

pytestmark = pytest.mark.journey

REPOSITORY = "owner/Talk-GGUF"
NAME = "talk-Q4_0.gguf"


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer({REPOSITORY: {NAME: tiny_llama(), "README.md": b"# Talk"}}) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Without keyring and passphrase: models need neither."""
    return Program(tmp_path / "profile", passphrase=None)


@pytest.fixture
def connected(program: Program, hub: HubServer) -> Program:
    assert program.run("network", "endpoint", hub.url).returncode == 0
    assert program.run("network", "on").returncode == 0
    return program


def shelf(program: Program) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = program.json("models", "list")["models"]
    assert models[0]["origin"] == "starter"
    return models[1:]


def test_a_model_is_searched_fetched_asked_verified_and_removed(connected: Program) -> None:
    [found] = connected.json("models", "search", "talk")["results"]
    assert found["repository"] == REPOSITORY

    lines = connected.run("models", "download", REPOSITORY, "--json").stdout.splitlines()
    installed = json.loads(lines[-1])
    assert installed["type"] == "installed"
    assert Path(installed["path"]).read_bytes() == tiny_llama().read_bytes()

    [item] = shelf(connected)
    assert (item["name"], item["origin"]) == ("Talk", "own")
    assert item["repository"] == REPOSITORY
    assert connected.json("models", "downloads") == {"downloads": []}
    answer = connected.ask("Hello?", "--model", "talk", "--temporary")
    assert answer["model"] == "Talk"

    [verified] = connected.json("models", "verify", "talk")["models"]
    assert verified["verdict"] == "unchanged"

    removed = connected.run("models", "remove", "talk")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert shelf(connected) == []
    assert not Path(installed["path"]).exists()


def test_nothing_is_fetched_while_the_network_is_off(program: Program, hub: HubServer) -> None:
    program.run("network", "endpoint", hub.url)
    for command in (["search", "talk"], ["download", REPOSITORY]):
        done = program.run("models", *command)
        assert done.returncode == 1
        assert "switched off" in done.stderr
        assert "sottovoce network on" in done.stderr
    assert hub.paths() == []
    ledger = program.json("network", "ledger")
    assert {entry["verdict"] for entry in ledger} == {"refused"}


def test_a_changed_file_is_reported(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "talk.gguf"
    path.write_bytes(tiny_llama().read_bytes())
    assert program.run("models", "import", str(path)).returncode == 0
    first = program.run("models", "verify", "talk")
    assert (first.returncode, "first fingerprint" in first.stdout) == (0, True)

    with path.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(b"!")
    changed = program.run("models", "verify")
    assert changed.returncode == 1
    assert "CHANGED" in changed.stdout
    assert "Not what it was" in changed.stderr
    assert "changed" in shelf(program)[0]["trouble"]


def test_a_folder_is_linked_and_what_is_no_model_is_told(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "deeper"
    folder.mkdir(parents=True)
    (folder / "good.gguf").write_bytes(tiny_llama().read_bytes())
    (folder / "bad.gguf").write_text("Dear reader,")
    done = program.run("models", "import", str(tmp_path / "mine"))
    assert done.returncode == 1
    assert "bad.gguf" in done.stderr
    [item] = shelf(program)
    assert (item["origin"], item["path"]) == ("linked", str(folder / "good.gguf"))

    assert program.run("models", "remove", str(folder / "good.gguf")).returncode == 0
    assert shelf(program) == []
    assert (folder / "good.gguf").exists()


def test_a_copy_stays_when_its_source_goes(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "talk.gguf"
    path.write_bytes(tiny_llama().read_bytes())
    [item] = program.json("models", "import", "--copy", str(path))["models"]
    path.unlink()
    assert item["origin"] == "own"
    [verified] = program.json("models", "verify", "talk")["models"]
    assert verified["verdict"] == "unchanged"


def test_a_model_is_answered_with_an_adapter(program: Program, tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "polite.gguf")
    assert "an adapter" in program.run("models", "import", str(path)).stdout
    [adapter] = program.json("models", "adapters")["adapters"]
    assert adapter["name"] == "Polite"

    model = ["--model", str(tiny_llama()), "--temporary"]
    plain = program.ask("Hello?", *model)
    assert program.ask("Hello?", *model, "--adapter", "polite:0")["text"] == plain["text"]
    assert program.ask("Hello?", *model, "--adapter", "polite:30")["text"] != plain["text"]
    missing = program.run("ask", "Hello?", *model, "--adapter", "rude")
    assert (missing.returncode, "Polite" in missing.stderr) == (1, True)


def test_what_a_machine_can_do_is_told(program: Program) -> None:
    told = program.json("models", "fit", "starter", "--context", "4096", "--no-measure")
    [fit] = told["models"]
    assert fit["verdict"] == "fits"
    assert fit["context"] == 4096
    assert fit["need"]["total"] > fit["size"]
    [large] = program.json("models", "fit", "llama-3.1-405b-instruct:Q4_K_M", "--no-measure")[
        "models"
    ]
    assert large["size"] == 245_715_950_848
    assert large["kv_bytes_per_token"] == 126 * 16 * 256 * 2


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="this user may write anywhere")
def test_a_profile_that_is_only_read_can_be_looked_at(program: Program) -> None:
    program.run("models", "import", str(tiny_llama()))
    places = (program.folder, program.folder / "models", program.folder / "logs")
    try:
        for place in places:
            place.chmod(0o500)
        assert len(shelf(program)) == 1
        assert program.run("models", "fit", "starter", "--no-measure").returncode == 0
        disk = {each["name"]: each["health"] for each in program.json("doctor")["findings"]}
        assert disk["Disk"] == "bad"
    finally:
        for place in places:
            place.chmod(0o700)


def test_a_file_is_inspected(program: Program, tmp_path: Path) -> None:
    told = program.json("models", "inspect", str(tiny_llama()))
    assert told["kind"] == "model"
    assert told["tokenizer"]["vocabulary"] == 128_256
    lie = tmp_path / "lie.gguf"
    lie.write_bytes(b"GGUF" + bytes(20))
    done = program.run("models", "inspect", str(lie))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_licence_is_accepted_before_anything_is_fetched(
    connected: Program, hub: HubServer
) -> None:
    done = connected.run("models", "download", "llama-3.1-8b-instruct:Q4_K_M")
    assert done.returncode == 1
    assert "Built with Llama" in done.stderr
    assert "--accept-licence" in done.stderr
    assert hub.paths() == []


def test_what_was_agreed_to_is_kept_and_built_with_llama_is_shown(program: Program) -> None:
    with HubServer({REPOSITORY: {NAME: tiny_llama()}}, licence="llama3.1") as hub:
        program.run("network", "endpoint", hub.url)
        program.run("network", "on")
        refused = program.run("models", "download", REPOSITORY)
        assert (refused.returncode, "700 million" in refused.stderr) == (1, True)
        assert shelf(program) == []
        done = program.run("models", "download", REPOSITORY, "--accept-licence")
    assert (done.returncode, "Built with Llama" in done.stderr) == (0, True)
    [item] = shelf(program)
    assert (item["licence"], item["attribution"]) == ("llama3.1", "Built with Llama")
    assert item["accepted"]
    assert "Built with Llama" in program.run("models", "list").stdout


def test_a_download_that_is_stopped_goes_on_where_it_was(
    connected: Program, hub: HubServer
) -> None:

    hub.fault(Fault("GET", times=1, pause=0.05))
    download = connected.start("models", "download", REPOSITORY, "--json")
    assert download.stdout is not None
    while json.loads(download.stdout.readline()).get("done", 0) < 500_000:
        pass
    download.send_signal(signal.SIGINT)
    download.communicate(timeout=60)
    assert download.returncode == 130

    [waiting] = connected.json("models", "downloads")["downloads"]
    assert waiting["state"] == "waiting"
    hub.mend()
    assert connected.run("models", "downloads", "--resume").returncode == 0
    assert shelf(connected)[0]["trouble"] is None
    assert hub.bytes_sent_twice(REPOSITORY, NAME) <= 1_000_000
