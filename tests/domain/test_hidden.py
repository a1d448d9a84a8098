import pytest

from sottovoce.domain.hidden import revealed, spelled_out

SIGN = "\N{REPLACEMENT CHARACTER}"
TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "obey me")


@pytest.mark.parametrize(
    "text",
    [
        "plain words\nin two lines\twith a tab",
        "Straße, naïve, ελληνικά, кириллица",
        "نقش ایوان می‌خواهم",
        "क्‍ष हिन्दी",
        "ภาษา\u200bไทย",
        "שלום \u200fעולם",
        "👩‍👩‍👧‍👦 ❤️ 🇮🇹",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "葛\U000e0100城",
        "soft\xadhyphen",
        "",
    ],
)
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert revealed(text) == text
    assert spelled_out(text) == text


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("a\x00b\x7fc\x9bd", "a␀b␡c\N{REPLACEMENT CHARACTER}d"),
        ("invoice_\u202efdp.exe", "invoice_\N{REPLACEMENT CHARACTER}fdp.exe"),
        ("if x:\u2066 return", "if x:\N{REPLACEMENT CHARACTER} return"),
        (f"Hello{TAGS}!", f"Hello{SIGN * len(TAGS)}!"),
        (f"🏴{TAGS}", f"🏴{SIGN * len(TAGS)}"),
        ("a\u200b\u200c\u200bb", f"a{SIGN * 3}b"),
        ("x\ufe0f\ufe01\ufe02", f"x\ufe0f{SIGN * 2}"),
        ("x\U000e0155", "x\N{REPLACEMENT CHARACTER}"),
        ("half \ud83d", "half \N{REPLACEMENT CHARACTER}"),
        ("\u3164", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_hides_or_misleads_has_a_sign_for_each_character(text: str, signs: str) -> None:
    assert revealed(text) == signs
    assert len(revealed(text)) == len(text)


def test_numbers_say_which_character_it_is() -> None:
    assert spelled_out("a\u202eb\x1b") == "a<U+202E>b<U+001B>"
