from sottovoce.cli.layout import beneath, columns_of, cut, folded, padded, rows


def test_letters_that_take_two_columns_are_counted() -> None:
    assert [columns_of(text) for text in ("abc", "模型", "e\u0301")] == [3, 4, 1]
    assert padded("模型", 6) == "模型  "
    assert cut("模型模型", 6) == "模型…"
    assert cut("model", 5) == "model"


def test_sentences_stand_beneath_their_facts_where_lines_are_short() -> None:
    facts = [("Llama 3.1 8B ", "Runs well on your processor, by all we know."), ("Tiny ", "Runs.")]
    assert rows(facts, 100).splitlines()[1] == "Tiny  Runs."
    short = rows(facts, 40).splitlines()
    assert short[0] == "Llama 3.1 8B"
    assert short[1].startswith("    Runs well")
    assert all(columns_of(line) < 40 for line in short)


def test_a_margin_is_left_where_there_is_room_for_it() -> None:
    text = "four words and more than one line of them, and then some more of the same kind"
    wide = beneath(text, 20, 80, name="Name").splitlines()
    assert wide[0].startswith("Name                four")
    assert wide[1].startswith(" " * 20)
    narrow = beneath(text, 20, 40, name="Name").splitlines()
    assert narrow[1].startswith("    ")
    assert all(columns_of(line) < 40 for line in narrow)


def test_a_fact_that_is_not_known_has_a_line_too() -> None:
    assert beneath("", 15, 80, name="Architecture") == "Architecture\n"


def test_terms_are_folded_to_the_screen() -> None:
    text = "One two three\nfour five.\n\n- six seven eight\n  nine\n- ten\n\nEnd.\n"
    assert folded(text, 16) == (
        "One two three\nfour five.\n\n- six seven\n  eight nine\n- ten\n\nEnd."
    )
