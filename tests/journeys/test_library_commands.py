import signal
from pathlib import Path

import pytest

from program import Program

pytestmark = pytest.mark.journey

HARBOUR = "# The harbour\n\nThe old harbour of Genoa was rebuilt by Renzo Piano in 1992."
BREAD = "# Bread\n\nA dough for bread rests over night, and is baked in the morning."


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "harbour.md").write_text(HARBOUR, encoding="utf-8")
    (papers / "bread.md").write_text(BREAD, encoding="utf-8")
    return papers


def test_documents_are_added_searched_listed_and_removed(program: Program, papers: Path) -> None:
    added = program.json("library", "add", str(papers), "--collection", "Papers")
    assert [each["state"] for each in added["documents"]] == ["ready", "ready"]

    found = program.json("library", "search", "Who rebuilt the port?", "--collection", "Papers")
    best = found["results"][0]
    assert best["document"] == str(papers / "harbour.md")
    assert best["page"] == 1
    page = HARBOUR  # A text has one page, as it stands in the file.
    assert best["text"] == page[best["start"] : best["end"]]
    assert best["headings"] == ["The harbour"]
    scores = [each["score"] for each in found["results"]]
    assert scores == sorted(scores, reverse=True)

    listed = program.json("library", "list")
    assert [(c["name"], c["documents"]) for c in listed["collections"]] == [("Papers", 2)]
    assert listed["collections"][0]["folders"] == [str(papers)]

    removed = program.json("library", "remove", str(papers / "bread.md"))
    assert removed["removed"] == [str(papers / "bread.md")]
    documents = program.json("library", "list", "--collection", "Papers")["documents"]
    assert [each["document"] for each in documents] == [str(papers / "harbour.md")]
    assert (papers / "bread.md").exists()

    program.json("library", "remove", "Papers")
    assert program.json("library", "list") == {"collections": []}


def test_a_search_can_be_narrowed_down(program: Program, papers: Path) -> None:
    (papers / "deep").mkdir()
    (papers / "deep" / "port.txt").write_text("Another harbour, by the sea.")
    program.json("library", "add", str(papers))
    narrow = program.json(
        "library", "search", "harbour", "--folder", str(papers / "deep"), "--type", "text"
    )
    names = {each["document"] for each in narrow["results"]}
    assert names == {str(papers / "deep" / "port.txt")}
    assert program.json("library", "search", "harbour", "--since", "2999-01-01")["results"] == []


def test_what_cannot_be_read_is_told_and_can_be_tried_again(program: Program, papers: Path) -> None:
    broken = papers / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing more")
    done = program.run("library", "add", str(papers / "harbour.md"), str(broken))
    assert done.returncode == 0
    assert str(broken) in done.stdout
    failed = program.json("library", "status")["failed"]
    assert [each["document"] for each in failed] == [str(broken)]
    broken.write_text("It is plain text after all.")
    [again] = program.json("library", "retry")["documents"]
    assert again["state"] == "ready"


def test_what_is_not_there_is_a_sentence(program: Program, papers: Path) -> None:
    for arguments in (
        ("add", str(papers / "none.txt")),
        ("search", "harbour", "--collection", "None"),
        ("remove", "none.txt"),
        ("list", "--collection", "None"),
    ):
        done = program.run("library", *arguments)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1


def test_without_a_key_nothing_is_kept(tmp_path: Path, papers: Path) -> None:
    program = Program(tmp_path / "keyless", passphrase=None)
    done = program.run("library", "add", str(papers))
    assert done.returncode == 1
    assert "SOTTOVOCE_PASSPHRASE" in done.stderr


def test_a_stopped_reading_goes_on_later(program: Program, papers: Path) -> None:
    for number in range(40):
        (papers / f"{number}.txt").write_text(f"Pier {number} of the harbour.")
    with program.start("library", "add", str(papers), "--collection", "Papers") as process:
        while not (program.folder / "documents.db").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    added = program.json("library", "add", str(papers), "--collection", "Papers")
    assert {each["state"] for each in added["documents"]} == {"ready"}
    assert len(added["documents"]) == 42


def test_no_word_of_a_document_is_on_the_disk(
    program: Program, papers: Path, tmp_path: Path
) -> None:
    program.json("library", "add", str(papers))
    kept = b"".join(file.read_bytes() for file in program.folder.rglob("*") if file.is_file())
    assert kept
    for word in (b"Genoa", b"genoa", b"harbour", b"Renzo"):
        assert word not in kept
