from sottovoce.domain.text import size_in_words


def test_sizes_are_told_in_the_unit_that_keeps_them_short() -> None:
    assert size_in_words(4_920_000_000) == "4.9 GB"
    assert size_in_words(105_454_432) == "105 MB"
    assert size_in_words(1_200) == "1 kB"
    assert size_in_words(640) == "640 bytes"
