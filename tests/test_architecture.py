"""Laws that neither the linter nor the import contracts can hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "app" / "sottovoce"
MODULES = sorted(PACKAGE.rglob("*.py"))


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def loaded_with(module: str) -> set[str]:
    """The top-level packages that importing this module brings into a fresh interpreter."""
    code = (
        f"import sys; before = set(sys.modules); import {module}; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    answer = subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True
    )
    return set(answer.stdout.split())


@pytest.mark.parametrize(
    "file", [file for file in MODULES if file.stem.endswith("view_model")], ids=name
)
def test_view_models_know_no_widgets(file: Path) -> None:
    foreign = {module for module in imports(file) if module.startswith("PySide6")}
    assert foreign <= {"PySide6.QtCore"}


@pytest.mark.parametrize(
    "module",
    [
        "sottovoce.ui.application",
        "sottovoce.ui.shell",
        "sottovoce.ui.models.page",
        "sottovoce.engine.process",
        "sottovoce.cli.run",
    ],
)
def test_what_is_heavy_is_loaded_by_child_processes_alone(module: str) -> None:
    heavy = {"llama_cpp", "numpy", "huggingface_hub", "httpx2", "httpcore2", "jinja2"}
    heavy |= {"lxml", "PIL", "pypdfium2", "snowballstemmer", "tesserocr", "usearch", "watchdog"}
    assert not loaded_with(module) & heavy


@pytest.mark.parametrize(
    "module", ["sottovoce.launch", "sottovoce.cli.run", "sottovoce.chat.answer"]
)
def test_the_command_line_needs_no_qt(module: str) -> None:
    assert not loaded_with(module) & {"PySide6", "shiboken6"}


def test_choosing_what_to_start_loads_next_to_nothing() -> None:
    assert loaded_with("sottovoce.__main__") - set(sys.stdlib_module_names) == {"sottovoce"}


def test_every_file_says_what_it_is_for() -> None:
    files = [*MODULES, *(ROOT / "packaging").rglob("*.py")]
    trees = {name(file): ast.parse(file.read_text(encoding="utf-8")) for file in files}
    assert [file for file, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_sql_is_written_in_the_store_alone() -> None:
    statement = re.compile(
        r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|PRAGMA|CREATE\s+TABLE)\b"
    )
    elsewhere = [file for file in MODULES if PACKAGE / "store" not in file.parents]
    assert [name(file) for file in elsewhere if statement.search(file.read_text("utf-8"))] == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    place = re.compile(r"/(home|root|tmp|work|Users)/\w|[A-Z]:\\\\Users")
    folders = [ROOT / folder for folder in ("app", "tests", "packaging", "resources", ".ci")]
    files = [ROOT / "dev", *ROOT.glob("*.*"), *(file for top in folders for file in top.rglob("*"))]
    written = {".py", ".md", ".toml", ".svg", ".sql", ".txt", ""}
    texts = [file for file in files if file.is_file() and file.suffix in written]
    assert [name(file) for file in texts if place.search(file.read_text("utf-8"))] == []
