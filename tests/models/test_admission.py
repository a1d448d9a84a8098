"""Only the model files that administrators allow are loaded, and each is summed up once."""

import hashlib
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sottovoce.domain.model import LoadOptions
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Cancelled, Missing, Refused
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.admission import Admission
from sottovoce.models.fingerprint import Fingerprint
from sottovoce.models.shelf import starter
from sottovoce.system.audit import Event, read_log
from sottovoce.system.paths import Profile

KEY = bytes(range(48))

Allow = Callable[..., Profile]


@pytest.fixture
def allow(tmp_path: Path) -> Allow:
    """A profile under a policy that allows files with these contents."""

    def make(*contents: bytes, audit: bool = False) -> Profile:
        models = frozenset(hashlib.sha256(content).hexdigest() for content in contents)
        return Profile(tmp_path, Policy(models=models, audit=audit))

    return make


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF good")
    return path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are summed up."""
    files = []
    begin = Fingerprint.__init__

    def noting(self: Fingerprint, path: Path) -> None:
        files.append(path)
        begin(self, path)

    monkeypatch.setattr(Fingerprint, "__init__", noting)
    return files


def test_what_is_allowed_is_admitted_and_nothing_else(allow: Allow, model: Path) -> None:
    Admission(allow(b"GGUF good")).admit(model, Stop())
    with pytest.raises(Refused, match="administrator does not allow this model"):
        Admission(allow(b"GGUF other")).admit(model, Stop())
    with pytest.raises(Refused, match="administrator does not allow this model"):
        Admission(allow()).admit(model, Stop())


def test_without_a_policy_nothing_is_read(tmp_path: Path, model: Path, read: list[Path]) -> None:
    Admission(Profile(tmp_path)).admit(model, Stop())
    assert read == []


def test_every_part_of_a_set_has_to_be_allowed(allow: Allow, tmp_path: Path) -> None:
    first, second = (tmp_path / f"big-0000{number}-of-00002.gguf" for number in (1, 2))
    first.write_bytes(b"GGUF good")
    with pytest.raises(Missing):
        Admission(allow(b"GGUF good")).admit(first, Stop())
    second.write_bytes(b"GGUF other")
    with pytest.raises(Refused, match="administrator"):
        Admission(allow(b"GGUF good")).admit(first, Stop())
    Admission(allow(b"GGUF good", b"GGUF other")).admit(first, Stop())


def test_a_file_is_read_once_and_again_when_it_changed(
    allow: Allow, model: Path, read: list[Path]
) -> None:
    admission = Admission(allow(b"GGUF good"))
    for _ in range(3):
        admission.admit(model, Stop())
    assert read == [model]
    state = model.stat()
    model.write_bytes(b"GGUF evil")
    os.utime(model, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(Refused, match="administrator"):
        admission.admit(model, Stop())


def test_it_is_remembered_where_the_key_is_known(
    allow: Allow, model: Path, read: list[Path]
) -> None:
    for _ in range(2):
        admission = Admission(allow(b"GGUF good"))
        admission.remember(KEY)
        admission.admit(model, Stop())
    assert read == [model]
    Admission(allow(b"GGUF good")).admit(model, Stop())
    assert read == [model] * 2


def test_what_is_remembered_cannot_be_written_by_hand(
    allow: Allow, model: Path, read: list[Path]
) -> None:
    profile = allow(b"GGUF good")
    admission = Admission(profile)
    admission.remember(KEY)
    admission.admit(model, Stop())
    kept = profile.fingerprints.read_bytes()
    good, evil = (hashlib.sha256(text).hexdigest() for text in (b"GGUF good", b"GGUF evil"))
    strict = Admission(Profile(profile.folder, Policy(models=frozenset({evil}))))
    profile.fingerprints.write_bytes(kept.replace(good.encode(), evil.encode()))
    strict.remember(KEY)
    with pytest.raises(Refused):
        strict.admit(model, Stop())
    assert read == [model] * 2


def test_reading_a_large_file_can_be_stopped(allow: Allow, model: Path) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        Admission(allow()).admit(model, stop)


def test_what_is_loaded_is_noted_by_its_fingerprint_alone(allow: Allow, model: Path) -> None:
    profile = allow(b"GGUF good", audit=True)
    Admission(profile).admit(model, Stop())
    with pytest.raises(Refused):
        Admission(Profile(profile.folder, Policy(models=frozenset(), audit=True))).admit(
            model, Stop()
        )
    loaded, refused = read_log(profile.audit)
    assert (loaded.event, refused.event) == (Event.MODEL_LOADED, Event.MODEL_REFUSED)
    assert loaded.facts == {"sha256": hashlib.sha256(b"GGUF good").hexdigest()}
    assert b"model.gguf" not in profile.audit.read_bytes()


def test_the_engine_asks_before_it_opens_a_file(allow: Allow) -> None:
    model = starter()
    assert model is not None
    with closing(ProcessEngine(admit=Admission(allow()).admit)) as engine:
        with pytest.raises(Refused, match="administrator"):
            list(engine.load(model, LoadOptions(), Stop()))
        assert engine.loaded is None
