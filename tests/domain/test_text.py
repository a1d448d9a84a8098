from sottovoce.domain.text import size_in_words, two_digits


def test_sizes_are_told_in_the_unit_that_keeps_them_short() -> None:
    assert size_in_words(4_920_000_000) == "4.9 GB"
    assert size_in_words(105_454_432) == "105 MB"
    assert size_in_words(1_200) == "1 kB"
    assert size_in_words(640) == "640 bytes"


def test_figures_that_are_estimates_have_two_digits() -> None:
    figures = (0.528, 5.04, 84.6, 178.0, 3630.0, 1_749_683.0)
    said = ["0.53", "5", "85", "180", "3,600", "1,700,000"]
    assert [two_digits(each) for each in figures] == said
