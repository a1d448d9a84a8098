"""Whose work a build holds, and which builds are refused."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(PACKAGING))
    yield
    sys.path.remove(str(PACKAGING))


@pytest.fixture
def notices() -> ModuleType:
    return import_module("notices")


@pytest.fixture
def spdx() -> ModuleType:
    return import_module("spdx")


def of(*packages: str) -> dict[str, Path]:
    """The files of packages, by where they lie in a build."""
    return {
        str(file): Path(str(distribution(package).locate_file(file)))
        for package in packages
        for file in distribution(package).files or ()
        if ".dist-info/" not in str(file) and ".." not in str(file)
    }


def names(components: Sequence[object]) -> set[str]:
    return {getattr(each, "name", "") for each in components}


def made(notices: ModuleType, files: Mapping[str, Path]) -> list[object]:
    found: list[object] = notices.collect(files, ["sottovoce.launch"], notices.read_rules())
    return found


@pytest.mark.parametrize(
    ("licence", "shipped"),
    [
        ("MIT", "MIT"),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", "LGPL-3.0-only"),
        ("GPL-2.0-or-later", None),
        ("AGPL-3.0-only", None),
        ("MIT AND GPL-3.0-only", None),
        ("MIT AND (Apache-2.0 OR GPL-2.0-only)", "MIT AND Apache-2.0"),
        ("(Apache-2.0 OR MIT) AND BSD-3-Clause", "(Apache-2.0 OR MIT) AND BSD-3-Clause"),
        ("GPL-2.0-only AND MIT OR Zlib", "Zlib"),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    ],
)
def test_of_alternatives_only_those_that_bind_nobody_else_are_shipped(
    spdx: ModuleType, licence: str, shipped: str | None
) -> None:
    assert spdx.allowed(licence) == shipped


def test_of_alternatives_the_text_that_names_nobody_is_shown(spdx: ModuleType) -> None:
    assert spdx.needed("0BSD OR MIT OR Apache-2.0") == ["Apache-2.0"]
    assert spdx.needed("(MIT OR Apache-2.0) AND Unicode-3.0") == ["Apache-2.0", "Unicode-3.0"]
    assert spdx.needed("BSD-3-Clause AND MIT") == ["BSD-3-Clause", "MIT"]


def test_each_component_has_a_licence_and_its_text(notices: ModuleType) -> None:
    components = notices.collect(
        of("cryptography", "lxml", "pillow", "pypdfium2", "msgspec"),
        ["sottovoce.launch", "json", "keyring.backends", "jaraco.functools"],
        notices.read_rules(),
    )
    assert {
        "Sottovoce", "Python", "cryptography", "OpenSSL in cryptography", "libxml2", "keyring",
        "jaraco.functools", "Image libraries in Pillow", "PDFium and what is in it",
    } <= names(components)  # fmt: skip
    for component in components:
        assert component.licence
        assert all(text.strip() for text in component.texts.values())
        assert component.texts


def test_crates_are_named_with_their_authors(notices: ModuleType) -> None:
    components = made(notices, of("cryptography"))
    crate = next(each for each in components if getattr(each, "name", "") == "openssl-sys")
    assert isinstance(crate, notices.Component)
    assert crate.part_of == "cryptography"
    assert "Alex Crichton" in "".join(crate.texts.values())


def test_a_file_that_nobody_made_is_refused(notices: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "libmystery.so").write_bytes(b"\x7fELF")
    with pytest.raises(notices.Unshippable, match=r"libmystery\.so: nobody is known"):
        made(notices, {"libmystery.so": tmp_path / "libmystery.so"})


def test_modules_of_qt_under_the_gpl_are_refused(notices: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "library"
    file.write_bytes(b"\x7fELF")
    with pytest.raises(notices.Unshippable, match=r"GPL-3\.0-only does not let it be shipped"):
        made(notices, {"PySide6/Qt/lib/libQt6WaylandCompositor.so.6": file})
    with pytest.raises(notices.Unshippable, match="licence is not known"):
        made(notices, {"PySide6/Qt/lib/libQt6Brandnew.so.6": file})


def test_a_component_without_its_text_is_refused(notices: ModuleType) -> None:
    rules = notices.read_rules()
    rules = replace(rules, texts={**rules.texts, "msgspec": ["not-there.txt"]})
    with pytest.raises(notices.Unshippable, match=r"msgspec .*: the text of its licence"):
        notices.collect(of("msgspec"), ["sottovoce.launch"], rules)


@pytest.mark.skipif(sys.platform != "linux", reason="JBIG-KIT is in the package for Linux")
@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_jbig_kit_is_replaced_and_scans_are_still_read(notices: ModuleType, tmp_path: Path) -> None:
    site = Path(str(distribution("tesserocr").locate_file("")))
    for folder in ("tesserocr", "tesserocr.libs"):
        shutil.copytree(site / folder, tmp_path / folder)
    (jbig,) = (tmp_path / "tesserocr.libs").glob("libjbig*")
    path = f"tesserocr.libs/{jbig.name}"
    with pytest.raises(notices.Unshippable, match=r"JBIG-KIT: GPL-2\.0-or-later does not let"):
        made(notices, {path: jbig})
    import_module("jbig").replace_jbig(tmp_path)
    assert names(made(notices, {path: jbig})) == {"Sottovoce"}
    look = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import tesserocr; "
        "assert tesserocr.__file__.startswith(sys.path[0]); print(tesserocr.tesseract_version())"
    )
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True)
    assert shown.stdout.startswith("tesseract 5"), shown.stderr


def test_the_same_components_give_the_same_bill_of_materials(notices: ModuleType) -> None:
    components = made(notices, of("cryptography", "msgspec"))
    bill = notices.bill(components)
    assert json.dumps(bill) == json.dumps(notices.bill(components))
    listed = [each["bom-ref"] for each in bill["components"]]
    assert len(listed) == len(set(listed)) == len(components) - 1
    assert bill["metadata"]["component"]["name"] == "Sottovoce"
    needs = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert set(needs) == {*listed, bill["metadata"]["component"]["bom-ref"]}
    assert {ref for refs in needs.values() for ref in refs} == set(listed)
    crates = needs[f"pkg:pypi/cryptography@{distribution('cryptography').version}"]
    assert any(ref.startswith("pkg:cargo/asn1@") for ref in crates)
