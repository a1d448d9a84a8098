"""What a question needs: a search, what was found before, or no documents at all."""

import re
import unicodedata
from collections.abc import Sequence

from sottovoce.chat import phrases
from sottovoce.library.languages import FUNCTION_WORDS, of_words

_LONGEST = 90
"""Characters of what is said in passing."""
_FEW_WORDS = 2
"""A question with fewer that say anything is asked about what was said before."""
_FEW_SIGNS = 12
"""The same in Thai, where words are not told apart so easily."""
_CHAIN = 3
"""Questions that are searched for together, if each follows from the one before."""
_SPOKEN = ("english", "german", "french", "italian", "portuguese", "spanish")
_THAI = re.compile("[\u0e00-\u0e7f]")
_HINDI = re.compile("[\u0900-\u097f]")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0900-\u0963])*")
_COMMON = frozenset[str]().union(*FUNCTION_WORDS.values())


def _plain(text: str) -> str:
    words = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split()
    return " ".join(words)


def _any_of(*lists: str) -> str:
    """A pattern for any of the phrases, the longest that fits."""
    every = {_plain(phrase) for each in lists for phrase in each.split(",")} - {""}
    return "|".join(map(re.escape, sorted(every, key=len, reverse=True)))


# Thai, Hindi and Chinese words end where a pattern for letters sees no end.
_BETWEEN = r"(?:\W|(?=[\u0900-\u9fff])|(?<=[\u0900-\u9fff])|$)+"
_SMALL_TALK = re.compile(rf"\W*(?:(?:{_any_of(phrases.SMALL_TALK)}){_BETWEEN})+")
_ABOUT_REPLY = re.compile(
    rf"\W*(?:(?:{_any_of(phrases.POLITE)}){_BETWEEN})*"
    rf"(?:(?:{_any_of(phrases.ABOUT_REPLY, phrases.INTO_LANGUAGE)}){_BETWEEN}){{1,3}}"
    rf"(?:(?:{_any_of(phrases.POLITE)}){_BETWEEN})*"
)
_LEANING = re.compile(rf"\W*(?:{_any_of(phrases.LEANING)}){_BETWEEN}")
_POINTING = frozenset(_plain(phrase) for phrase in phrases.POINTING.split(","))


def is_small_talk(text: str) -> bool:
    """Whether no document has anything to say to this: a greeting, or thanks."""
    return len(text) <= _LONGEST and _SMALL_TALK.fullmatch(_plain(text)) is not None


def is_about_reply(text: str) -> bool:
    """Whether it wants the last reply in another form, for which nothing new is looked up."""
    return len(text) <= _LONGEST and _ABOUT_REPLY.fullmatch(_plain(text)) is not None


def is_follow_up(text: str) -> bool:
    """Whether it says too little to be searched for without what was asked before."""
    plain = _plain(text)
    words = _WORD.findall(plain)
    if _LEANING.match(plain) or not _POINTING.isdisjoint(words):
        return True
    if _THAI.search(plain):
        return len(plain) < _FEW_SIGNS
    return sum(word not in _COMMON for word in words) < _FEW_WORDS


def searched_for(question: str, earlier: Sequence[str]) -> str:
    """What to search for: the question, and before it what it follows from.

    `earlier` are the questions asked before, the oldest first.
    """
    chain = [question]
    for asked in reversed(earlier):
        if len(chain) == _CHAIN or not is_follow_up(chain[0]):
            break
        if not (is_small_talk(asked) or is_about_reply(asked)):
            chain.insert(0, asked)
    return "\n".join(chain)


def language_of(text: str) -> str:
    """Which of the languages it is in that Sottovoce speaks itself; English if unsure."""
    if _THAI.search(text):
        return "thai"
    if _HINDI.search(text):
        return "hindi"
    candidates = of_words(_WORD.findall(_plain(text)))
    return next((each for each in _SPOKEN if each in candidates), "english")
