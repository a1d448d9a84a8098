import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from models.bundling import KEY, cargoes, make, stop_at_once
from models.packing import kill_while_replacing, pack, put
from sottovoce.domain.hardware import LLAMA_CPP, Library
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import (
    Cancelled,
    Missing,
    NoRoom,
    Problem,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import WITHOUT_PACK, ProcessEngine
from sottovoce.models.bundle.minisign import SecretKey, new_key
from sottovoce.models.bundle.reading import open_bundle
from sottovoce.models.bundle.signers import Signers
from sottovoce.models.packs import Packs
from sottovoce.models.shelf import starter
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    profile = Profile(tmp_path / "profile")
    profile.folder.mkdir()
    return profile


@pytest.fixture
def packs(profile: Profile) -> Packs:
    return Packs(profile, KEY.public)


def test_a_pack_is_installed_listed_verified_and_removed(packs: Packs, tmp_path: Path) -> None:
    installed = put(packs, pack(tmp_path))
    assert packs.all() == [installed]
    assert not installed.trouble
    assert [each.path.name for each in packs.libraries()] == ["libhelp.so.1", "libggml-vulkan.so"]
    packs.verify(installed, Stop())

    packs.remove("vulkan")
    assert packs.all() == []
    with pytest.raises(Missing):
        packs.remove("Vulkan")


def test_a_pack_takes_the_place_of_one_of_its_name(packs: Packs, tmp_path: Path) -> None:
    put(packs, pack(tmp_path / "a"))
    put(packs, pack(tmp_path / "b", files=(_file(tmp_path / "libggml-vulkan.so"),)))
    assert len(packs.all()) == 1
    assert len(packs.libraries()) == 1
    put(packs, pack(tmp_path / "c", name="CUDA 12"))
    assert [each.name for each in packs.all()] == ["CUDA 12", "Vulkan"]


def _file(path: Path) -> Path:
    path.write_bytes(b"another")
    return path


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"version": "0.3.35"}, "another Sottovoce"),
        ({"platform": "windows-arm64"}, "for windows-arm64"),
        ({"key": new_key()}, "not signed by the publisher"),
    ],
)
def test_what_does_not_fit_or_is_not_the_publishers_is_refused(
    packs: Packs, profile: Profile, tmp_path: Path, facts: dict[str, object], says: str
) -> None:
    if isinstance(key := facts.get("key"), SecretKey):
        Signers(profile).trust(key.public)
    with pytest.raises((Refused, Unsupported), match=says):
        put(packs, pack(tmp_path, **facts))  # type: ignore[arg-type]  # Facts of several types.
    assert packs.all() == []


def test_administrators_decide_about_packs(profile: Profile, tmp_path: Path) -> None:
    put(Packs(profile, KEY.public), pack(tmp_path))
    closed = Packs(replace(profile, policy=Policy(updates=False)), KEY.public)
    with pytest.raises(Refused):
        put(closed, pack(tmp_path, name="Other"))
    assert closed.libraries() == []


def test_a_bundle_of_models_is_no_pack(packs: Packs, tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no pack"):
        put(packs, make(tmp_path / "models", cargoes(tmp_path)))


def test_nothing_enters_the_folder_but_what_was_signed(
    packs: Packs, profile: Profile, tmp_path: Path
) -> None:
    installed = put(packs, pack(tmp_path))
    forged = profile.packs / "forged"
    shutil.copytree(installed.folder, forged)
    (forged / "manifest.json").write_bytes(
        (forged / "manifest.json").read_bytes().replace(b"libhelp.so.1", b"libevil.so.1")
    )
    (profile.packs / "bare").mkdir()
    shutil.copy(installed.libraries[1].path, profile.packs / "bare")
    assert [each.folder for each in packs.all() if not each.trouble] == [installed.folder]
    assert {each.path.parent for each in packs.libraries()} == {installed.folder}
    packs.remove("forged")
    assert not forged.exists()


def test_a_pack_that_others_may_write_or_that_is_a_link_is_not_used(
    packs: Packs, tmp_path: Path
) -> None:
    installed = put(packs, pack(tmp_path))
    installed.folder.chmod(0o777)
    assert packs.libraries() == []
    installed.folder.chmod(0o700)
    library = installed.libraries[0].path
    shutil.move(library, tmp_path / "elsewhere")
    library.symlink_to(tmp_path / "elsewhere")
    assert packs.libraries() == []


def test_a_changed_library_is_told(packs: Packs, tmp_path: Path) -> None:
    installed = put(packs, pack(tmp_path))
    with installed.libraries[0].path.open("ab") as file:
        file.write(b"!")
    with pytest.raises(Refused):
        packs.verify(installed, Stop())


def test_stopping_and_damage_leave_nothing(packs: Packs, profile: Profile, tmp_path: Path) -> None:
    bundle = pack(tmp_path)
    with pytest.raises(Cancelled):
        stop_at_once(lambda stop: packs.install(open_bundle(bundle), stop))
    content = bytearray(bundle.read_bytes())
    content[-3_000] ^= 1
    bundle.write_bytes(content)
    with pytest.raises(Problem):
        put(packs, bundle)
    assert [path.name for path in profile.packs.iterdir()] == ["lock"]


def test_the_engine_loads_what_is_as_it_was_signed_and_nothing_else(
    packs: Packs, tmp_path: Path
) -> None:
    """A second copy of a back end of the processor stands in for one of a GPU."""
    from sottovoce.engine.llama import FOLDER  # It runs none of the package but its C interface.

    folders = FOLDER.parent / "bin"
    back_ends = sorted(folders.glob("libggml-cpu-x64.*"))
    if not back_ends:
        pytest.skip("All is built into one library here.")
    shutil.copy(back_ends[0], tmp_path / "libggml-other.so")
    installed = put(packs, pack(tmp_path / "made", files=(tmp_path / "libggml-other.so",)))
    with closing(ProcessEngine(libraries=packs.libraries)) as engine:
        assert engine.devices(Stop()).packs == 1
    wrong = [Library(each.path, "0" * 64) for each in installed.libraries]
    with closing(ProcessEngine(libraries=lambda: wrong)) as engine:
        assert engine.devices(Stop()).packs == 0


def test_a_pack_that_ends_the_engine_is_done_without(packs: Packs, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    model = starter()
    if compiler is None or model is None or sys.platform == "win32":
        pytest.skip("It takes a compiler and the starter model.")
    source = tmp_path / "broken.c"
    source.write_text(
        "#include <stdlib.h>\n__attribute__((constructor)) static void end(void) { abort(); }\n",
        encoding="utf-8",
    )
    library = tmp_path / "libggml-broken.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    helper = tmp_path / "libhelp.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", helper, "-xc", "/dev/null"], check=True)
    put(packs, pack(tmp_path / "made", name="Broken", files=(helper, library)))
    with closing(ProcessEngine(libraries=packs.libraries)) as engine:
        for _ in engine.load(model, LoadOptions(context=512), Stop()):
            pass
        assert engine.loaded is not None
        assert engine.loaded.note == WITHOUT_PACK
    with closing(ProcessEngine(libraries=packs.libraries)) as engine:
        assert engine.devices(Stop()).packs == 0


def test_packs_are_made_for_the_llama_cpp_that_is_here() -> None:
    assert version("llama-cpp-python") == LLAMA_CPP


@pytest.mark.skipif(os.name != "posix", reason="Here nothing is killed at once.")
def test_a_replacement_that_is_killed_leaves_the_old_pack_or_the_new_one(tmp_path: Path) -> None:
    toll = kill_while_replacing(tmp_path, 20)
    assert toll.kills == 20
    assert (toll.half, toll.lost, toll.left) == (0, 0, 0)
    assert toll.old
    assert toll.new


def test_the_same_pack_again_mends_a_changed_one(packs: Packs, tmp_path: Path) -> None:
    bundle = pack(tmp_path)
    installed = put(packs, bundle)
    installed.libraries[0].path.write_bytes(b"changed")
    again = put(packs, bundle)
    assert packs.all() == [again]
    packs.verify(again, Stop())


@pytest.mark.parametrize("name", ["../libggml-vulkan.so", "a/libggml-vulkan.so", "/usr/a.so", ".."])
def test_a_library_has_a_name_and_no_path(packs: Packs, tmp_path: Path, name: str) -> None:
    library = _file(tmp_path / "libggml-vulkan.so")
    with pytest.raises(Problem):
        put(packs, pack(tmp_path, files=(library,), names=(name,)))
    assert packs.all() == []


def test_two_libraries_of_one_name_are_refused(packs: Packs, tmp_path: Path) -> None:
    library = _file(tmp_path / "libggml-vulkan.so")
    names = ("libggml-vulkan.so", "LIBggml-vulkan.so")
    with pytest.raises(Problem):
        put(packs, pack(tmp_path, files=(library, library), names=names))
    assert packs.all() == []


def test_a_link_where_a_library_is_copied_is_not_followed(
    packs: Packs, profile: Profile, tmp_path: Path
) -> None:
    kept = _file(tmp_path / "kept")
    unfinished = profile.packs / "unfinished"
    profile.packs.mkdir()
    unfinished.symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(Refused):
        put(packs, pack(tmp_path / "made"))
    assert kept.read_bytes() == b"another"


def test_without_room_or_a_folder_nothing_is_begun(
    packs: Packs, profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = pack(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
        with pytest.raises(NoRoom):
            put(packs, bundle)
    shutil.rmtree(profile.packs)
    profile.packs.write_bytes(b"")
    with pytest.raises(Refused):
        put(packs, bundle)
    assert packs.libraries() == []


def test_one_window_at_a_time_installs(packs: Packs, profile: Profile, tmp_path: Path) -> None:
    installed = put(packs, pack(tmp_path / "a"))
    (profile.packs / "unfinished").mkdir()
    with locked(profile.packs / "lock"):
        with pytest.raises(Refused, match="Another window"):
            put(packs, pack(tmp_path / "b", name="CUDA"))
        assert packs.libraries() == list(installed.libraries)
        assert (profile.packs / "unfinished").exists()  # It is theirs.
    packs.libraries()
    assert not (profile.packs / "unfinished").exists()


@pytest.mark.parametrize("content", [b"", b"\x7fELF", "cut", "other processor"])
def test_what_is_no_library_for_this_computer_leaves_the_engine_as_it_is(
    packs: Packs, tmp_path: Path, content: bytes | str
) -> None:
    from sottovoce.engine.llama import FOLDER

    back_ends = sorted((FOLDER.parent / "bin").glob("libggml-cpu-x64.so"))
    if not back_ends:
        pytest.skip("It takes a library of Linux.")
    whole = back_ends[0].read_bytes()
    foreign = bytearray(whole)
    foreign[18:20] = (0xF3).to_bytes(2, "little")  # RISC-V, in the ELF header.
    made = {"cut": whole[:5_000], "other processor": bytes(foreign)}
    library = tmp_path / "libggml-other.so"
    library.write_bytes(content if isinstance(content, bytes) else made[content])
    try:
        put(packs, pack(tmp_path / "made", files=(library,)))
    except (Problem, ValueError):
        assert not content  # Nothing is no library.
    with closing(ProcessEngine(libraries=packs.libraries)) as engine:
        assert engine.devices(Stop()).packs == 0


def test_a_library_named_as_one_of_our_own_is_not_loaded(packs: Packs, tmp_path: Path) -> None:
    from sottovoce.engine.llama import FOLDER

    own = sorted((FOLDER.parent / "bin").glob("libggml-cpu-x64.*"))
    if not own:
        pytest.skip("All is built into one library here.")
    put(packs, pack(tmp_path, files=(own[0],)))
    with closing(ProcessEngine(libraries=packs.libraries)) as engine:
        assert engine.devices(Stop()).packs == 0


def test_a_pack_is_removed_while_an_engine_has_it_loaded(packs: Packs, tmp_path: Path) -> None:
    from sottovoce.engine.llama import FOLDER

    model, own = starter(), sorted((FOLDER.parent / "bin").glob("libggml-cpu-x64.*"))
    if model is None or not own:
        pytest.skip("It takes the starter model and back ends of their own.")
    shutil.copy(own[0], tmp_path / "libggml-other.so")
    put(packs, pack(tmp_path / "made", files=(tmp_path / "libggml-other.so",)))
    with closing(ProcessEngine(libraries=packs.libraries)) as engine:
        for _ in engine.load(model, LoadOptions(context=512), Stop()):
            pass
        packs.remove("Vulkan")
        assert packs.all() == []
        assert engine.devices(Stop()).packs == 1
        engine.unload()
        assert engine.devices(Stop()).packs == 0
