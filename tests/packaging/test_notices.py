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

import pikepdf
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


def texts_of(components: Sequence[object], name: str) -> str:
    """The licences of a component, in one."""
    found = next(each for each in components if getattr(each, "name", "") == name)
    texts: Mapping[str, str] = getattr(found, "texts", {})
    return "\n".join(texts.values())


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
        ("GPL-2.0-only WITH Linux-syscall-note", None),
        ("BUSL-1.1", None),
        ("LicenseRef-Proprietary OR MIT", "MIT"),
    ],
)
def test_only_licences_that_bind_nobody_else_and_are_known_are_shipped(
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


def test_the_copyright_of_crates_is_that_of_their_repositories(notices: ModuleType) -> None:
    rules = notices.read_rules()
    rules = replace(rules, copyright={"openssl-sys": "2014 Somebody"})
    components = notices.collect(of("cryptography"), ["sottovoce.launch"], rules)
    texts = texts_of(components, "openssl-sys")
    assert "Copyright (c) 2014 Somebody\n" in texts
    assert "Alex Crichton" not in texts


def test_the_gpl_comes_with_the_lgpl_and_how_to_replace_what_is_under_it(
    notices: ModuleType,
) -> None:
    components = made(notices, of("shiboken6"))
    texts = texts_of(components, "shiboken6")
    assert "GNU LESSER GENERAL PUBLIC LICENSE\nVersion 3" in texts
    assert "GNU GENERAL PUBLIC LICENSE\nVersion 3" in texts
    assert "put them in their place" in texts


def test_where_the_source_of_gcc_is_comes_with_its_libraries(notices: ModuleType) -> None:
    files = {path: file for path, file in of("numkong").items() if "libgomp" in path}
    if not files:
        pytest.skip("this system's package brings no libgomp")
    texts = texts_of(made(notices, files), "libgomp in NumKong")
    assert "AlmaLinux 8" in texts
    assert "GCC RUNTIME LIBRARY EXCEPTION" in texts


def test_licences_of_what_is_inside_of_a_package_are_shown_with_it(notices: ModuleType) -> None:
    components = made(notices, of("numpy", "pypdfium2"))
    assert "Ryan Juckett" in texts_of(components, "numpy")  # Whose dragon4 it prints numbers by.
    pdfium = next(each for each in components if getattr(each, "name", "").startswith("PDFium"))
    assert isinstance(pdfium, notices.Component)
    assert any("harfbuzz" in file for file in pdfium.texts)
    assert not any("v8" in file or "musl.txt" in file for file in pdfium.texts)


def test_what_is_inside_of_python_is_shown_wherever_it_lies(
    notices: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "python313.dll").write_bytes(b"MZ")
    components = made(notices, {"python313.dll": tmp_path / "python313.dll"})
    assert {"Python", "OpenSSL", "Expat", "libffi", "bzip2", "liblzma"} <= names(components)


def test_what_a_system_has_itself_is_not_shown_there(
    notices: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"PySide6/Qt6Core.dll": tmp_path / "library", "VCRUNTIME140.dll": tmp_path / "dll"}
    for file in files.values():
        file.write_bytes(b"something")
    monkeypatch.setattr(sys, "platform", "win32")
    assert {"FreeType in Qt", "Microsoft Visual C++ runtime"} <= names(made(notices, files))
    monkeypatch.setattr(sys, "platform", "linux")
    assert "FreeType in Qt" not in names(made(notices, files))


def test_a_file_that_nobody_made_is_refused(notices: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "libmystery.so").write_bytes(b"\x7fELF")
    with pytest.raises(notices.Unshippable, match=r"libmystery\.so: nobody is known"):
        made(notices, {"libmystery.so": tmp_path / "libmystery.so"})


def test_modules_of_qt_under_the_gpl_are_refused(notices: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "library"
    file.write_bytes(b"\x7fELF")
    with pytest.raises(notices.Unshippable, match=r"GPL-3\.0-only does not let it be shipped"):
        made(notices, {"PySide6/Qt/lib/libQt6WaylandCompositor.so.6": file})
    for unknown in ("PySide6/Qt/lib/libQt6Brandnew.so.6", "PySide6/opengl32sw.dll"):
        with pytest.raises(notices.Unshippable, match="licence is not known"):
            made(notices, {unknown: file})


def test_a_component_without_its_text_is_refused(notices: ModuleType) -> None:
    rules = notices.read_rules()
    rules = replace(rules, texts={**rules.texts, "msgspec": ["not-there.txt"]})
    with pytest.raises(notices.Unshippable, match=r"msgspec .*: the text of its licence"):
        notices.collect(of("msgspec"), ["sottovoce.launch"], rules)


def test_the_colour_profile_of_ghostscript_is_taken_out_and_documents_are_still_read(
    notices: ModuleType, tmp_path: Path
) -> None:
    site = Path(str(distribution("pdf_oxide").locate_file("")))
    shutil.copytree(site / "pdf_oxide", tmp_path / "pdf_oxide")
    files = {path: tmp_path / path for path in of("pdf_oxide") if (tmp_path / path).is_file()}
    with pytest.raises(notices.Unshippable, match=r"a colour profile of Ghostscript's"):
        made(notices, files)

    import_module("colour_profile").remove_profiles(tmp_path)
    assert {"pdf_oxide", "DejaVu Sans in PDFOxide"} <= names(made(notices, files))
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(tmp_path / "blank.pdf")
    look = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import pdf_oxide; "
        "assert pdf_oxide.__file__.startswith(sys.path[0]); "
        f"print(pdf_oxide.PdfDocument({str(tmp_path / 'blank.pdf')!r}).page_count())"
    )
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True)
    assert shown.stdout.strip() == "1", shown.stderr


def test_a_profile_that_cannot_be_found_out_stops_the_build(
    notices: ModuleType, tmp_path: Path
) -> None:
    library = tmp_path / "pdf_oxide" / "library.so"
    library.parent.mkdir()
    library.write_bytes(b"\x7fELF" + import_module("colour_profile").MARK)
    with pytest.raises(ValueError, match="no colour profile is around"):
        import_module("colour_profile").remove_profiles(tmp_path)


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


def test_two_runs_write_the_same_bytes(notices: ModuleType, tmp_path: Path) -> None:
    for name in ("sottovoce/map.txt", "msgspec/__init__.py", "libffi.so.8"):
        (tmp_path / "_internal" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "_internal" / name).write_bytes(b"something")
    target = tmp_path / "_internal" / notices.NOTICES

    def written() -> dict[str, bytes]:
        notices.write_notices(tmp_path)
        return {path.name: path.read_bytes() for path in target.iterdir()}

    first = written()
    assert written() == first
    listed = json.loads(first["notices.json"])
    assert {file for each in listed for file in each["files"]} <= first.keys()
