"""What embedding models want to read before a text, by the family they are of.

They were trained with these words; without them they find less. From the models' own cards.
"""

import re
from dataclasses import dataclass

_TASK = "Given a web search query, retrieve relevant passages that answer the query"
_REPRESENT = "Represent this sentence for searching relevant passages: "


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The words before a question, and before a passage."""

    query: str = ""
    passage: str = ""


_FAMILIES = (
    (r"qwen3", Prefixes(query=f"Instruct: {_TASK}\nQuery:")),
    (r"\be5\b.*instruct", Prefixes(query=f"Instruct: {_TASK}\nQuery: ")),
    (r"\be5\b", Prefixes("query: ", "passage: ")),
    (r"nomic", Prefixes("search_query: ", "search_document: ")),
    (r"gemma", Prefixes("task: search result | query: ", "title: none | text: ")),
    (r"arctic.*\bv2\b", Prefixes(query="query: ")),
    (r"arctic|mxbai", Prefixes(query=_REPRESENT)),
    (r"\bbge\b.*\ben\b", Prefixes(query=_REPRESENT)),
    (r"\bbge\b.*\bzh\b", Prefixes(query="为这个句子生成表示以用于检索相关文章：")),
)
"""The first that is found in a model's name counts. What is not here reads texts as they are:
BGE-M3, Granite, GTE, MiniLM."""


def prefixes(name: str) -> Prefixes:
    """The words that a model of this name wants."""
    words = re.sub(r"[\W_]+", " ", name).casefold()
    return next((found for family, found in _FAMILIES if re.search(family, words)), Prefixes())
