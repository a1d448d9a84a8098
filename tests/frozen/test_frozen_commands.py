"""The program that was built, on its command line, where there is no display."""

import time
from pathlib import Path

import pytest

from frozen_program import Frozen
from lighthouse import LIGHTHOUSE

pytestmark = [pytest.mark.journey, pytest.mark.frozen]


@pytest.fixture
def report(frozen: Frozen) -> Path:
    path = frozen.home / "lighthouse.pdf"
    frozen.give(path, LIGHTHOUSE)
    return path


def test_it_answers_with_the_model_that_comes_along(frozen: Frozen) -> None:
    frozen.json("ask", "Hello.", "--max-tokens", "1")
    begun = time.monotonic()
    answer = frozen.json("ask", "What is the sea?", "--temperature", "0", "--max-tokens", "24")
    print(f"{time.monotonic() - begun:.2f} s to ask and be answered")  # noqa: T201  A figure.
    assert "starter" in answer["model"]
    assert len(answer["text"].split()) > 5


def test_without_anything_to_protect_chats_it_answers_all_the_same(frozen: Frozen) -> None:
    done = frozen.run("ask", "What is the sea?", "--max-tokens", "8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert not list(frozen.profile.glob("*.db"))


def test_it_names_the_page_of_a_document(frozen: Frozen, report: Path) -> None:
    question = "When was the lighthouse at Skerryvore finished?"
    options = ("--document", frozen.inside(report), "--temperature", "0")
    answer = frozen.json("ask", question, *options)
    (citation, *_) = answer["citations"]
    assert "1844" in answer["text"]
    assert (citation["document"], citation["page"]) == (frozen.inside(report), 1)
    assert "1844" in citation["quote"]


def test_it_finds_by_meaning_in_another_language(frozen: Frozen, report: Path) -> None:
    frozen.json("library", "add", frozen.inside(report), "--collection", "Towers")
    found = frozen.json("library", "search", "Wann wird Brot gebacken?", "--collection", "Towers")
    assert "bread" in found["results"][0]["text"]
    assert found["results"][0]["page"] == 2


def test_what_opens_models_is_locked_in(frozen: Frozen) -> None:
    found = {each["name"]: each["says"] for each in frozen.json("doctor")["findings"]}
    assert "using the network" in found["Engine"]
    assert "using the network" in found["Sandbox"]
