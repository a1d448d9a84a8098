"""The main job typed: ask, close, find the chat again."""

import json
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from program import Program
from sottovoce.system.paths import shared_models

pytestmark = pytest.mark.journey


def test_a_question_is_answered_and_found_again(program: Program) -> None:
    first = program.ask("Name the capital of France.")

    assert "Paris" in first["text"]
    assert first["citations"] == []
    assert first["model"] == "SmolLM2 135M (starter)"
    assert first["usage"]["generated"] <= 24
    assert first["timings"]["load"] > 0
    assert first["timings"]["first_token"] > 0
    assert first["timings"]["speed"] > 0

    second = program.ask("And of Italy?", "--chat", str(first["chat"]))

    assert second["chat"] == first["chat"]
    [chat] = program.json("chats", "list")["chats"]
    assert chat["title"] == "Name the capital of France."
    shown = program.json("chats", "show", str(chat["id"]))["messages"]
    assert [m["role"] for m in shown] == ["user", "assistant", "user", "assistant"]
    assert shown[1]["text"] == first["text"]
    hits = program.json("chats", "search", "of Italy")["results"]
    assert shown[2]["id"] in [hit["message"] for hit in hits]
    exported = program.run("chats", "export", str(chat["id"]), "--format", "markdown").stdout
    assert "And of Italy?" in exported
    assert first["text"].strip() in exported


def test_two_that_begin_a_profile_at_once_share_it(program: Program) -> None:
    together = [program.start("ask", f"Question {n}", "--max-tokens", "2") for n in (1, 2)]
    errors = [process.communicate(timeout=120)[1] for process in together]

    assert errors == ["", ""]
    titles = {chat["title"] for chat in program.json("chats", "list")["chats"]}
    assert titles == {"Question 1", "Question 2"}


def test_two_that_go_on_with_one_chat_both_stay(program: Program) -> None:
    chat = str(program.ask("Hello?")["chat"])
    together = [
        program.start("ask", f"Question {n}", "--chat", chat, "--max-tokens", "2") for n in (1, 2)
    ]
    errors = [process.communicate(timeout=120)[1] for process in together]

    assert errors == ["", ""]
    hits = program.json("chats", "search", "Question")["results"]
    # The model may answer with the same word.
    assert {"Question 1", "Question 2"} <= {hit["excerpt"] for hit in hits}


def test_chats_without_their_vault_are_left_as_they_are(program: Program) -> None:
    program.ask("Hello?")
    vault = program.folder / "vault"
    aside = vault.rename(program.folder / "aside")

    refused = program.run("ask", "Hello again?")

    assert refused.returncode == 1
    assert "backup" in refused.stderr
    assert not vault.exists()
    aside.rename(vault)
    assert len(program.json("chats", "list")["chats"]) == 1


def test_a_deleted_chat_is_gone(program: Program) -> None:
    chat = program.ask("Hello?")["chat"]

    assert program.run("chats", "delete", str(chat)).returncode == 0

    assert program.json("chats", "list")["chats"] == []
    gone = program.run("chats", "show", str(chat))
    assert gone.returncode == 1
    assert len(gone.stderr.splitlines()) == 1


def test_pieces_stream_as_json_lines_that_make_up_the_answer(program: Program) -> None:
    done = program.run("ask", "Count to five.", "--json", "--max-tokens", "30", "--seed", "1")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["type"] for line in lines[:-1]} == {"piece"}
    assert "".join(line["text"] for line in lines[:-1]) == lines[-1]["text"]


def test_without_a_key_the_answer_comes_and_nothing_is_kept(program: Program) -> None:
    keyless = replace(program, passphrase=None)

    done = keyless.run(
        "ask", "Name the capital of France.", "--max-tokens", "16", "--temperature", "0"
    )

    assert done.returncode == 0
    assert "Paris" in done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert not (program.folder / "sottovoce.db").exists()
    refused = keyless.run("chats", "list")
    assert refused.returncode == 1
    assert "SOTTOVOCE_PASSPHRASE" in refused.stderr
    assert "--passphrase-file" in refused.stderr
    assert "keyring" in refused.stderr


def test_a_wrong_passphrase_is_refused_and_loses_nothing(program: Program) -> None:
    program.ask("Hello?")

    refused = replace(program, passphrase="not this one").run("chats", "list")

    assert refused.returncode == 1
    assert "passphrase" in refused.stderr
    assert len(program.json("chats", "list")["chats"]) == 1


def test_a_passphrase_file_opens_the_same_profile(program: Program, tmp_path: Path) -> None:
    program.ask("Hello?")
    file = tmp_path / "passphrase"
    file.write_text(f"{program.passphrase}\n", encoding="utf-8")

    done = replace(program, passphrase=None).run("chats", "list", "--passphrase-file", str(file))

    assert "Hello?" in done.stdout


def test_wrong_usage_ends_with_2(program: Program) -> None:
    assert program.run("ask").returncode == 2
    assert program.run("chats").returncode == 2
    assert program.run("ask", "x", "--max-tokens", "-1").returncode == 2


def test_a_model_that_is_not_there_is_one_sentence(program: Program) -> None:
    done = program.run("ask", "Hello?", "--model", "no-such-model.gguf")

    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_ctrl_c_keeps_what_was_written(program: Program) -> None:
    with program.start(
        "ask", "Write a long story about the sea.", "--temperature", "0", "--max-tokens", "2000"
    ) as process:
        assert process.stdout is not None
        begun = process.stdout.read(20)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()

    assert process.returncode == 130
    [chat] = program.json("chats", "list")["chats"]
    reply = program.json("chats", "show", str(chat["id"]))["messages"][1]
    assert reply["state"] == "stopped"
    assert reply["text"].strip() == (begun + rest).strip()


def test_a_reader_that_has_seen_enough_is_not_told_and_the_words_are_kept(
    program: Program,
) -> None:
    with program.start(
        "ask", "Write a long story.", "--temperature", "0", "--max-tokens", "400"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        begun = process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == ""

    [chat] = program.json("chats", "list")["chats"]
    reply = program.json("chats", "show", str(chat["id"]))["messages"][1]
    assert reply["state"] == "interrupted"
    assert reply["text"].strip().startswith(begun.strip())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_one_sentence(program: Program) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = program.run_with("ask", "Hello?", "--max-tokens", "2", stdout=full)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="closes streams as POSIX shells do")
def test_closed_streams_are_nobodys_trouble(program: Program) -> None:
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
    done = subprocess.run(
        [*shell, *program.command("ask", "Hello?", "--max-tokens", "2")],
        env=program.environment,
        check=False,
    )

    assert done.returncode == 0
    assert len(program.json("chats", "list")["chats"]) == 1


def test_standard_input_that_is_no_text_is_one_sentence(program: Program, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with (tmp_path / "bytes").open("rb") as given:
        done = program.run_with("ask", "-", stdin=given)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_question_arrives_whole_where_only_ascii_is_known(program: Program) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        program.command("ask", "schön?", "--max-tokens", "2"),
        env=program.environment | ascii_only,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert program.json("chats", "list")["chats"][0]["title"] == "schön?"


def test_ctrl_c_before_there_is_an_answer_says_nothing(program: Program) -> None:
    with subprocess.Popen(
        program.command("ask", "-"),
        env=program.environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        while not (program.folder / "logs" / "sottovoce.log").exists():
            process.poll()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()

    assert process.returncode == 130
    assert said == b""


@pytest.mark.skipif(os.name != "posix", reason="there are no such terminals")
def test_a_terminal_shows_the_whole_answer(program: Program) -> None:
    # Late: it does not exist on Windows.
    import pty

    try:
        ours, theirs = pty.openpty()
    except OSError:
        pytest.skip("this machine has no terminals to give, as in some containers")
    with subprocess.Popen(
        program.command("ask", "Name the capital of France.", "--temperature", "0"),
        env=program.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux says so when the other side is closed.
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)

    [chat] = program.json("chats", "list")["chats"]
    reply = program.json("chats", "show", str(chat["id"]))["messages"][1]["text"]
    assert b"Loading" in shown
    on_screen = [line.rpartition("\r\x1b[K")[2] for line in shown.decode().split("\r\n")]
    assert "\n".join(on_screen).strip() == reply.strip()


def test_doctor_goes_on_where_something_is_damaged(program: Program) -> None:
    program.ask("Hello?")
    for file in (program.folder / "vault").iterdir():
        file.write_bytes(b"{}")

    findings = {f["name"]: f for f in program.json("doctor")["findings"]}

    assert findings["Chats"]["health"] == "bad"
    assert "Disk" in findings


def test_doctor_says_what_works(program: Program) -> None:
    findings = {f["name"]: f for f in program.json("doctor")["findings"]}

    assert findings["Model"]["health"] == "good"
    assert "CPU" in findings["Acceleration"]["says"]
    assert findings["Keyring"]["health"] == "note"
    assert str(shared_models()) in findings["Shared models"]["says"]


def test_commands_work_where_qt_cannot_be_loaded(program: Program, tmp_path: Path) -> None:
    broken = tmp_path / "site"
    (broken / "PySide6").mkdir(parents=True)
    (broken / "PySide6" / "__init__.py").write_text("raise ImportError('no libraries')\n")
    done = subprocess.run(
        program.command("ask", "Hello?", "--max-tokens", "4"),
        env=program.environment | {"PYTHONPATH": str(broken)},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0
