import pytest

from sottovoce.engine.prefixes import Prefixes, prefixes

WEB = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("Multilingual E5 Small multilingual-e5-small-q4_0", "query: ", "passage: "),
        ("intfloat_e5-base-v2 Q8_0", "query: ", "passage: "),
        ("multilingual-e5-large-instruct-Q4_K_M", f"{WEB} ", ""),
        ("Qwen3 Embedding 0.6B Qwen3-Embedding-0.6B-Q8_0", WEB, ""),
        ("nomic-embed-text-v1.5.Q8_0", "search_query: ", "search_document: "),
        ("embeddinggemma-300M-Q8_0", "task: search result | query: ", "title: none | text: "),
        ("snowflake-arctic-embed-l-v2.0-q8_0", "query: ", ""),
    ],
)
def test_a_family_wants_its_own_words(name: str, query: str, passage: str) -> None:
    assert prefixes(name) == Prefixes(query, passage)


@pytest.mark.parametrize(
    "name",
    [
        "BGE-M3 bge-m3-q8_0",
        "Granite Embedding 97M Multilingual R2",
        "all-MiniLM-L6-v2-f16",
        "My own fine5tune",
    ],
)
def test_other_models_read_texts_as_they_are(name: str) -> None:
    assert prefixes(name) == Prefixes("", "")


@pytest.mark.parametrize("name", ["bge-small-en-v1.5-q8_0", "mxbai-embed-large-v1-f16"])
def test_some_want_words_before_the_question_alone(name: str) -> None:
    found = prefixes(name)
    assert found.query.startswith("Represent this sentence")
    assert found.passage == ""
