import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from models.bundling import KEY, cargoes, stop_at_once
from models.updating import (
    NEWER,
    OLDER,
    application_archive,
    archive,
    member,
    update,
)
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Missing,
    NoRoom,
    Problem,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.models.bundle import update as updates
from sottovoce.models.bundle.create import application_cargo
from sottovoce.models.bundle.minisign import PublicKey, new_key
from sottovoce.models.bundle.reading import open_bundle
from sottovoce.models.bundle.signers import Signers, UnknownSigner
from sottovoce.models.bundle.unpacking import unpack
from sottovoce.models.bundle.update import Handed, Ready, carries_update, install, update_in
from sottovoce.system.application import Application, this_platform
from sottovoce.system.paths import Profile
from system.renewing import OLD, installed, start, waiting, write_application

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has its own installer.")

PUBLISHER = KEY.public


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    profile = Profile(tmp_path / "profile")
    profile.folder.mkdir()
    return profile


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """An installed one, in a folder of its own."""
    folder = tmp_path / "place" / "sottovoce"
    write_application(folder, OLD)
    return installed(folder)


def run(
    path: Path,
    profile: Profile,
    application: Application | None,
    publisher: PublicKey | None = PUBLISHER,
    *,
    older: bool = False,
    hand_to: Path | None = None,
) -> Ready | Handed:
    """Install what is there."""
    found = update_in(open_bundle(path), profile, application, publisher, older=older)
    *_, last = install(found, profile, application, Stop(), hand_to=hand_to)
    assert isinstance(last, Ready | Handed)
    return last


def untouched(application: Application) -> bool:
    """Whether nothing was changed or left beside it."""
    folder = application.folder
    return installed(folder).version == OLD and list(folder.parent.iterdir()) == [folder]


def test_an_update_is_used_from_the_next_start_on(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path))
    assert carries_update(open_bundle(bundle))

    assert run(bundle, profile, application) == Ready(NEWER)
    assert waiting(application) == NEWER
    assert start(application.folder)[0] == NEWER
    program = application.folder / "sottovoce"
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    assert (application.folder / "_internal/v").read_text(encoding="utf-8") == NEWER
    assert list(application.folder.parent.iterdir()) == [application.folder]


def test_who_is_trusted_with_models_is_not_trusted_with_the_program(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    friend = new_key()
    Signers(profile).trust(friend.public)
    bundle = update(tmp_path, application_archive(tmp_path), key=friend)
    with pytest.raises(Refused, match="not signed by the publisher"):
        run(bundle, profile, application)
    assert untouched(application)


def test_where_there_is_no_publisher_the_signer_has_to_be_trusted(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path))
    with pytest.raises(UnknownSigner):
        run(bundle, profile, application, None)
    Signers(profile).trust(PUBLISHER)
    assert run(bundle, profile, application, None) == Ready(NEWER)


def test_administrators_decide_whether_there_are_updates_and_whose(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path))
    closed = replace(profile, policy=Policy(updates=False))
    with pytest.raises(Refused, match="administrator updates"):
        run(bundle, closed, application)
    others = replace(profile, policy=Policy(signers=frozenset({new_key().public.fingerprint})))
    with pytest.raises(Refused, match="does not allow this signer"):
        run(bundle, others, application)
    own = replace(profile, policy=Policy(signers=frozenset({PUBLISHER.fingerprint})))
    assert run(bundle, own, application) == Ready(NEWER)


def test_an_older_version_is_refused_unless_it_is_asked_for(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path, OLDER), sequence=10**9)
    with pytest.raises(Refused, match="older than yours"):
        run(bundle, profile, application)
    assert run(bundle, profile, application, older=True) == Ready(OLDER)


def test_the_version_that_is_there_is_not_installed_again(
    tmp_path: Path,
    profile: Profile,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(updates, "__version__", "1.2")
    for version in ("1.2", "1.2.0"):
        bundle = update(tmp_path, application_archive(tmp_path, version))
        with pytest.raises(Refused, match="have already"):
            run(bundle, profile, application, older=True)
    newer = update(tmp_path, application_archive(tmp_path, "1.10.0"))
    assert run(newer, profile, application) == Ready("1.10.0")


def test_an_update_for_another_system_is_refused_by_its_name(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    bundle = update(
        tmp_path,
        application_archive(tmp_path, platform="macos-arm64"),
        application_archive(tmp_path, platform="windows-x86_64"),
    )
    with pytest.raises(Unsupported, match="for macos-arm64, windows-x86_64, and this computer"):
        run(bundle, profile, application)


def test_of_several_the_one_for_this_computer_is_taken(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    bundle = update(
        tmp_path,
        application_archive(tmp_path, platform="macos-arm64", says="no"),
        application_archive(tmp_path),
    )
    assert run(bundle, profile, application) == Ready(NEWER)


@pytest.mark.parametrize("says", ["98.0.0", "broken", "99.0.0 and more"])
def test_what_does_not_start_as_what_it_should_be_changes_nothing(
    tmp_path: Path, profile: Profile, application: Application, says: str
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path, says=says))
    with pytest.raises(Unsupported, match="nothing was changed"):
        run(bundle, profile, application)
    assert untouched(application)


def test_other_peoples_files_beside_the_program_stay_where_they_are(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    (application.folder / "Thesis.odt").write_text("years", encoding="utf-8")
    bundle = update(tmp_path, application_archive(tmp_path, more={"README": b"read"}))
    with pytest.raises(Refused, match=r"Thesis\.odt"):
        run(bundle, profile, application)
    assert untouched(application)


def test_every_flipped_bit_is_noticed(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path))
    content = bundle.read_bytes()
    for place in range(0, len(content), 97):
        turned = bytearray(content)
        turned[place] ^= 1 << place % 8
        bundle.write_bytes(turned)
        with pytest.raises(Problem):
            run(bundle, profile, application)
        assert untouched(application)


def test_stopping_leaves_nothing(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path))
    found = update_in(open_bundle(bundle), profile, application, PUBLISHER)
    with pytest.raises(Cancelled):
        stop_at_once(lambda stop: install(found, profile, application, stop))
    assert untouched(application)


def test_a_full_disk_leaves_all_as_it_was(
    tmp_path: Path,
    profile: Profile,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path))
    real, left, refusals = os.fsync, 0, 0

    def full(descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    while left <= 0:
        left = refusals + 1
        with suppress(NoRoom):
            run(bundle, profile, application)
            break
        assert untouched(application)
        refusals += 1
    assert refusals > 5


def test_too_little_room_is_noticed_before_anything_is_copied(
    tmp_path: Path,
    profile: Profile,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path))
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NoRoom, match="for a while"):
        run(bundle, profile, application)
    assert untouched(application)


def test_where_the_system_installs_programs_the_file_is_handed_over(
    tmp_path: Path, profile: Profile
) -> None:
    package = tmp_path / "sottovoce_99.0.0_amd64.deb"
    package.write_bytes(b"a package")
    cargo = application_cargo(package)
    assert (cargo.version, cargo.platform) == ("99.0.0", "linux-x86_64")
    if this_platform() != cargo.platform:
        pytest.skip("The package is for another computer.")
    bundle = update(tmp_path, application_archive(tmp_path), package)
    system = Application(Path("/opt/sottovoce"), Path("sottovoce"), OLD)
    folder = tmp_path / "for the administrator"

    found = update_in(open_bundle(bundle), profile, system, PUBLISHER)
    assert "all users" in found.obstacle
    for _ in range(2):  # Once more does no harm.
        handed = run(bundle, profile, system, hand_to=folder)
        assert isinstance(handed, Handed)
        assert handed.path == folder / package.name
        assert handed.command == f"sudo dpkg --install '{folder / package.name}'"
        assert "administrator" in handed.how
        assert (folder / package.name).read_bytes() == b"a package"


def test_where_the_disk_cannot_do_it_the_archive_is_handed_over(
    tmp_path: Path, profile: Profile, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(_: Application) -> None:
        raise Refused("This disk cannot.")

    monkeypatch.setattr(updates, "check_exchange", unable)
    monkeypatch.setattr(updates, "was_unpacked", lambda _: True)
    package = tmp_path / f"sottovoce-{NEWER}-{this_platform()}.AppImage"
    package.write_bytes(b"a package")
    archived = application_archive(tmp_path)
    bundle = update(tmp_path, package, archived)
    handed = run(bundle, profile, application, hand_to=tmp_path / "handed")
    assert isinstance(handed, Handed)
    assert handed.path == tmp_path / "handed" / archived.name
    assert str(application.folder) in handed.how
    assert untouched(application)


@pytest.mark.parametrize("name", ["portable", "data"])
def test_an_update_brings_nothing_in_the_place_of_what_is_the_users(
    tmp_path: Path, profile: Profile, application: Application, name: str
) -> None:
    bundle = update(tmp_path, application_archive(tmp_path, more={name: b"x"}))
    with pytest.raises(Damaged, match="cannot be unpacked"):
        run(bundle, profile, application)
    assert untouched(application)


def test_another_file_of_that_name_is_not_handed_over(tmp_path: Path, profile: Profile) -> None:
    file = application_archive(tmp_path / "from")
    bundle = update(tmp_path, file)
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / file.name).symlink_to("/dev/zero")
    with pytest.raises(Refused, match="another file"):
        run(bundle, profile, None, hand_to=folder)
    (folder / file.name).unlink()
    (folder / f"{file.name}.part").symlink_to(tmp_path / "victim")
    run(bundle, profile, None, hand_to=folder)
    assert not (tmp_path / "victim").exists()


def test_what_installs_is_noted_but_never_what_is_refused(
    tmp_path: Path, profile: Profile, application: Application
) -> None:
    audited = replace(profile, policy=Policy(audit=True))
    with pytest.raises(Unsupported):
        run(update(tmp_path, application_archive(tmp_path, says="x")), audited, application)
    assert not audited.audit.exists()
    run(update(tmp_path, application_archive(tmp_path), sequence=6), audited, application)
    noted = json.loads(audited.audit.read_text(encoding="utf-8"))
    assert noted["event"] == "update installed"
    assert noted["facts"]["version"] == NEWER


def test_a_bundle_of_models_is_no_update(tmp_path: Path, profile: Profile) -> None:
    bundle = update(tmp_path, application_archive(tmp_path / "from"), more=cargoes(tmp_path))
    assert not carries_update(open_bundle(bundle))
    other = tmp_path / "Sottovoce.AppImage"
    plain = open_bundle(update(tmp_path, other, sequence=7))
    assert not carries_update(plain)
    with pytest.raises(Missing, match="no update"):
        update_in(plain, profile, None, PUBLISHER)


_TOP = (member("s", type=tarfile.DIRTYPE), b"")
_FOLDER = (member("s/in", type=tarfile.DIRTYPE), b"")


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.SYMTYPE, linkname=target), b""


@pytest.mark.parametrize(
    "members",
    [
        [_TOP, (member("s/../evil"), b"x")],
        [_TOP, (member("/etc/evil"), b"x")],
        [_TOP, (member("other/evil"), b"x")],
        [_TOP, (member("s/a/../../evil"), b"x")],
        [_TOP, (member("s/in/evil"), b"x")],
        [_TOP, (member("s/a\nb"), b"x")],
        [_TOP, (member("s/a\\..\\b"), b"x")],
        [_TOP, (member("s/./a"), b"x")],
        [_TOP, (member("s"), b"x")],
        [(member("evil"), b"x")],
        [link("s", "/tmp")],
        [_TOP, link("s/out", "..")],
        [_TOP, link("s/out", "../x")],
        [_TOP, link("s/out", "/etc")],
        [_TOP, link("s/out", "a/../../..")],
        [_TOP, _FOLDER, link("s/in/up", "../../x")],
        [_TOP, _FOLDER, link("s/in/up", "../in/../../x")],
        [_TOP, _FOLDER, link("s/to", "in"), (member("s/to/evil"), b"x")],
        [_TOP, link("s/to", "s"), (member("s/to/evil"), b"x")],
        [_TOP, (member("s/a"), b"x"), (member("s/a"), b"y")],
        [_TOP, (member("s/a"), b"x"), (member("s/a/b"), b"y")],
        [_TOP, (member("s/a"), b"x"), link("s/a", "b")],
        [_TOP, link("s/a", "b"), (member("s/a"), b"x")],
        [_TOP, link("s/a", "b"), link("s/a", "c")],
        [_TOP, (member("s/" + "ü" * 200), b"x")],
        [_TOP, *((member("s" + "/a" * n, type=tarfile.DIRTYPE), b"") for n in range(1, 999))],
        [_TOP, (member("s/hard", type=tarfile.LNKTYPE, linkname="s"), b"")],
        [_TOP, (member("s/pipe", type=tarfile.FIFOTYPE), b"")],
        [_TOP, (member("s/device", type=tarfile.CHRTYPE, devmajor=1, devminor=5), b"")],
        [_TOP, _TOP],
    ],
)
def test_no_archive_puts_anything_out_of_its_folder(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    place = tmp_path / "a" / "place"
    place.mkdir(parents=True)
    made = archive(tmp_path / "made.tar.xz", members)
    with pytest.raises(Damaged):
        list(unpack(made, place / "into", Stop()))
    assert {path.name for path in tmp_path.iterdir()} == {"a", "made.tar.xz"}
    assert {path.name for path in place.iterdir()} <= {"into"}
    assert not [path for path in place.rglob("*") if path.is_symlink()]


def test_the_archive_of_a_release_is_unpacked_as_it_was_and_always_the_same(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "from" / "sottovoce"
    write_application(folder, OLD)
    (folder / "_internal" / "deep").mkdir()
    (folder / "_internal" / "deep" / "link").symlink_to("../version")
    (folder / "twice").hardlink_to(folder / "_internal" / "version")
    program = Path(__file__).parents[2] / "packaging" / "updates.py"
    made = [tmp_path / f"{n}.tar.xz" for n in range(2)]
    for each in made:
        subprocess.run([sys.executable, program, folder, each], check=True, capture_output=True)
    assert made[0].read_bytes() == made[1].read_bytes()

    list(unpack(made[0], tmp_path / "into", Stop()))
    there = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    assert there == sorted(
        path.relative_to(tmp_path / "into") for path in (tmp_path / "into").rglob("*")
    )
    assert (tmp_path / "into" / "_internal/deep/link").read_text(encoding="utf-8") == OLD
    assert not (tmp_path / "into" / "twice").is_symlink()


@pytest.mark.parametrize("cut", [10, 100, 200])
def test_an_archive_that_was_cut_is_damaged(tmp_path: Path, cut: int) -> None:
    made = application_archive(tmp_path)
    made.write_bytes(made.read_bytes()[:cut])
    with pytest.raises(Damaged):
        list(unpack(made, tmp_path / "into", Stop()))
