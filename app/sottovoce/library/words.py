"""Words as they are searched: whatever form a word has, it is found by the same."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import snowballstemmer

from sottovoce.library import languages


def _marks() -> str:
    """The signs that belong to the letter before them (as Hindi's vowels), for a pattern."""
    return "".join(
        chr(code) for code in range(0x300, 0xFE30) if unicodedata.category(chr(code))[0] == "M"
    )


# Words run together in these scripts, or take on what others set apart, as Korean's do.
_UNPARTED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_MARKS = _marks()
_WORD = re.compile(
    rf"(?P<run>[{_UNPARTED}]+)"
    rf"|(?P<number>\d{{1,3}}(?:[.,'’ ]\d{{3}})+(?!\d))"
    rf"|(?P<word>(?:[^\W_{_UNPARTED}][{_MARKS}\u200c\u200d]*)+)"
)
_SYLLABLE = re.compile(rf".[{_MARKS}]*")
_DIGITS = {
    code: str(unicodedata.digit(chr(code)))
    for code in range(0x660, 0x10000)
    if unicodedata.category(chr(code)) == "Nd"
}
_GROUPED = re.compile(r"\D")
_LEFT_OUT = {ord(sign): None for sign in "\u093c\u200c\u200d\u0640"} | {0x901: 0x902, 0x451: 0x435}
"""What some write and others leave out: Hindi's nukta and moon, Arabic's long line, Russian's ё."""


def segmented(text: str) -> str:
    """The words that `text` is found by, each in the one form it is searched in."""
    words = list(_words(text))
    language = languages.of_words([word for word, is_whole in words if is_whole])[0]
    return " ".join(_form(word, language) if is_whole else word for word, is_whole in words)


def terms(question: str) -> list[tuple[str, ...]]:
    """The words to look for, each with the forms it may have been kept in.

    A question is too short for its language to be certain. Words that say nothing are left out,
    unless there are no others.
    """
    words = dict.fromkeys(_words(question))
    candidates = languages.of_words([word for word, is_whole in words if is_whole])
    telling = [(word, is_whole) for word, is_whole in words if not _is_common(word, candidates)]
    found: list[tuple[str, ...]] = []
    for word, is_whole in telling or words:
        forms = (
            dict.fromkeys(_form(word, each) for each in candidates) if is_whole else {word: None}
        )
        for same in [each for each in found if not forms.keys().isdisjoint(each)]:
            found.remove(same)
            forms = dict.fromkeys([*same, *forms])
        found.append(tuple(forms))
    return found


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Each word in lower case, and whether it is one that is inflected.

    Where words run together, each pair of neighbouring signs stands for a word.
    """
    plain = unicodedata.normalize("NFKC", text).lower().translate(_DIGITS)
    for match in _WORD.finditer(plain):
        found = match[0]
        if match["run"]:
            signs = _SYLLABLE.findall(found)
            pairs = pairwise(signs) if signs[1:] else [signs]
            yield from (("".join(pair), False) for pair in pairs)
        elif match["number"]:
            yield _GROUPED.sub("", found), False
        else:
            yield found, True


def _is_common(word: str, candidates: tuple[str, ...]) -> bool:
    spoken = languages.of_word(word)
    among = candidates if spoken is None else (spoken,)
    return any(word in languages.FUNCTION_WORDS.get(language, ()) for language in among)


@lru_cache(maxsize=1 << 17)
def _form(word: str, language: str) -> str:
    """The form of a word that all its inflections share, without accents that may be left out."""
    spoken = languages.of_word(word) or language
    # A stemmer for each word, because one keeps what it is at, and several threads come by.
    stem = word if spoken not in _STEMMED else snowballstemmer.stemmer(spoken).stemWord(word)
    stem = stem.translate(_LEFT_OUT)
    if spoken == "vietnamese" or spoken in languages.OF_SCRIPT - {"greek"}:
        return stem  # What stands above or below a letter makes it another one.
    return languages.without_accents(stem)


_STEMMED = frozenset(snowballstemmer.algorithms())
