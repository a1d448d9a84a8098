from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.domain.document import Citation, Passage, Span, Support
from sottovoce.library.cite import Checked, cite
from sottovoce.library.claims import are_alike

REPORT = """Acme Corp was founded in 1987 by Maria Keller in Zürich. In 2023 the company reported
net revenue of $5.2 million, an increase of 12 % over the previous year. It did not pay a dividend.
The head office moved to Basel on 12 March 2021. The rev-
enue of the retail segment fell to 1,204,000 dollars.

Costs 2022 2023
Travel 310 275
Rent 1,400 1,450"""
GERMAN = "Paris ist die Hauptstadt von Frankreich. Der Umsatz stieg 2022 um 3,4 Prozent."
HINDI = "राम ने २०१९ में दिल्ली में एक नया स्कूल खोला। स्कूल में ३०० बच्चे पढ़ते हैं।"
CHINESE = "公司于2019年在北京成立。去年收入增长了百分之十二。"
THAI = "บริษัทก่อตั้งเมื่อปี 2530 ที่เชียงใหม่ โดยนายสมชาย ใจดี"
TRAINING = """The control group received 110 minutes of daily training, while the observation group
received 135 minutes of daily training. Therapy takes place at 9:30 (once a day, 40 minutes a time,
5 times a week), occupational therapy (once a day, 30 minutes a time, 3 times a week). The drugs do
not have any effect that helps to regenerate the tendons of the shoulder. The cost is COP 238,000
(USD 49.96) for each test. Sampling was non-probabilistic."""
TABLE = "Confidence Sample size of each of the institutions\n" + "\n".join(
    f"{share}% of all {size} persons of the institution at the most"
    for share, size in (
        (80, 493),
        (85, 612),
        (90, 811),
        (92, 960),
        (95, 1151),
        (97, 1411),
        (99, 1986),
    )
)
START = 40
"""Where each passage begins on its page."""


def passage(text: str, document: int = 1, title: str = "Report") -> Passage:
    span = Span(3, START, START + len(text))
    return Passage(document, document, Path(f"/files/{document}.pdf"), title, span, text, pages=9)


def checked(reply: str, *texts: str, question: str = "") -> Checked:
    passages = [passage(text, number) for number, text in enumerate(texts or (REPORT,), start=1)]
    return cite(reply, passages, question)


def support(reply: str, *texts: str, question: str = "") -> list[Support]:
    return [each.support for each in checked(reply, *texts, question=question).statements]


@pytest.mark.parametrize(
    "reply",
    [
        "Maria Keller founded Acme Corp in 1987.",
        "Net revenue was $5,200,000 in 2023.",
        "The company did not pay a dividend.",
        "The head office moved to Basel on 2021-03-12.",
        "The retail segment's revenue fell to 1 204 000 dollars.",
        "- **Founded:** 1987 by Maria Keller",
        "Travel cost 275 in 2023.",
        "Both the report and its sources say that revenue increased by twelve percent.",
    ],
)
def test_what_stands_there_in_other_form_is_borne_out(reply: str) -> None:
    assert support(reply) == [Support.SUPPORTED]


@pytest.mark.parametrize(
    "reply",
    [
        "Maria Keller founded Acme Corp in 1988.",
        "Peter Keller founded Acme Corp in 1987.",
        "Keller founded Globex in 1987.",
        "Net revenue was $5.2 billion in 2023.",
        "Net revenue was €5.2 million in 2023.",
        "Net revenue decreased by 12 percent in 2023.",
        "The company paid a dividend.",
        "Acme Corp was not founded in 1987.",
        "The head office moved to Basel on 13 March 2021.",
        "The head office moved to Basel on 12 May 2021.",
        "The head office burned in Basel on 12 March 2021.",
        "The moon is made of cheese.",
        "The head office did not move to Basel on 12 March 2021.",
        "Revenue was not 12 % higher, an increase over the previous year.",
        "12 employees moved to Basel on 12 March 2021.",
    ],
)
def test_what_is_made_up_is_not(reply: str) -> None:
    assert support(reply) == [Support.UNSUPPORTED]


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [
        (GERMAN, "Die Hauptstadt von Frankreich ist Paris.", "Die Hauptstadt ist Lyon."),
        (GERMAN, "2022 stieg der Umsatz um 3,4 %.", "2022 fiel der Umsatz um 3,4 %."),
        (HINDI, "राम ने 2019 में दिल्ली में स्कूल खोला।", "श्याम ने 2019 में दिल्ली में स्कूल खोला।"),
        (HINDI, "स्कूल में 300 बच्चे पढ़ते हैं।", "स्कूल में 400 बच्चे पढ़ते हैं।"),
        (CHINESE, "公司于2019年在北京成立。", "公司于2019年在上海成立。"),
        (THAI, "บริษัทก่อตั้งเมื่อปี 2530 ที่เชียงใหม่", "บริษัทก่อตั้งเมื่อปี 2530 ที่ภูเก็ต"),
    ],
)
def test_other_languages_are_held_to_the_same(text: str, true: str, false: str) -> None:
    assert support(true, text) == [Support.SUPPORTED]
    assert support(false, text) == [Support.UNSUPPORTED]


@pytest.mark.parametrize(
    "reply",
    [
        "The control group received 110 minutes of daily training, the observation group 135.",
        "Occupational therapy takes 30 minutes, once a day, 3 times a week. [1]",
        "The drugs have no effect that would help to regenerate the tendons.",
        "A test costs USD 49.96 or COP 238,000.",
        "Persons of the control group got 110 minutes of daily training.",
        "Therapy takes place daily at 09:30.",
    ],
)
def test_numbers_are_said_of_what_they_belong_to(reply: str) -> None:
    assert support(reply, TRAINING) == [Support.SUPPORTED]


@pytest.mark.parametrize(
    "reply",
    [
        "The control group received 135 minutes of daily training, the observation group 110.",
        "The control group received 110 minutes of weekly training.",
        "The control group received 110 hours of daily training.",
        "Occupational therapy takes 40 minutes, once a day, 3 times a week.",
        "The drugs have an effect that helps to regenerate the tendons of the shoulder.",
        "A test costs COP 49.96.",
        "Sampling was probabilistic.",
    ],
)
def test_numbers_units_and_denials_are_not_swapped(reply: str) -> None:
    assert support(reply, TRAINING, question="What about sampling, therapy and training?") == [
        Support.UNSUPPORTED
    ]


def test_numbers_of_a_row_stay_together() -> None:
    size = "For a confidence of 90%, the sample size is {}."

    assert support(size.format(811), TABLE) == [Support.SUPPORTED]
    assert support(size.format(612), TABLE) == [Support.UNSUPPORTED]
    assert support("| 97% | 1986 |", TABLE, question="What is the sample size?") == [
        Support.UNSUPPORTED
    ]


def test_not_only_denies_nothing() -> None:
    text = "The plasma was shown not only to increase the number of tenocytes but also of collagen."

    assert support("The plasma increases the number of tenocytes.", text) == [Support.SUPPORTED]


@pytest.mark.parametrize(
    ("reply", "held"),
    [
        ("Turbines are efficient only when they turn at high speed.", Support.SUPPORTED),
        ("Turbines are efficient not only when they turn at high speed.", Support.UNSUPPORTED),
    ],
)
def test_not_only_is_no_only(reply: str, held: Support) -> None:
    text = "Turbines are efficient only when they turn at a relatively high speed."

    assert support(reply, text) == [held]


def test_what_a_heading_excludes_is_not_included() -> None:
    text = "Patients on antiviral treatment against chronic hepatitis."
    under = replace(passage(text), headings=("Exclusion criteria",))

    [statement] = cite(
        "Patients on antiviral treatment against chronic hepatitis are included.", [under]
    ).statements

    assert statement.support is Support.UNSUPPORTED


def test_words_that_only_begin_alike_are_not_one() -> None:
    assert are_alike("founded", "founding")
    assert are_alike("industry", "industrial")
    assert are_alike("kaufte", "kaufen")
    assert not are_alike("meant", "means")
    assert not are_alike("contract", "control")
    assert not are_alike("company", "compare")


def test_a_citation_is_the_exact_span_in_the_page() -> None:
    [citation] = checked("Maria Keller founded Acme Corp in 1987.").citations

    assert citation == Citation(
        number=1,
        document=1,
        path=Path("/files/1.pdf"),
        title="Report",
        span=Span(3, START, START + 56),
        quote="Acme Corp was founded in 1987 by Maria Keller in Zürich.",
        pages=9,
    )


def test_numbers_are_given_in_order_and_once_for_each_place() -> None:
    reply = (
        "The head office moved to Basel. Keller founded Acme in 1987. It moved to Basel in 2021."
    )

    found = checked(reply)

    assert [each.citations for each in found.statements] == [(1,), (2,), (1,)]
    assert [each.number for each in found.citations] == [1, 2]


def test_the_passage_that_says_it_is_cited_among_others() -> None:
    [citation] = checked(
        "The capital of France is Paris.", REPORT, "Paris is France's capital."
    ).citations

    assert citation.document == 2


def test_a_quotation_is_found_over_hyphens_and_line_ends() -> None:
    reply = "The report says: “The revenue of the retail segment fell to 1,204,000 dollars.”"

    [citation] = checked(reply).citations

    assert citation.quote == "The rev-\nenue of the retail segment fell to 1,204,000 dollars"


@pytest.mark.parametrize(
    "reply",
    [
        "It says “the revenue of the retail segment rose to 1,204,000 dollars”.",
        'It says "nobody knows what tomorrow brings".',
        "Es heißt: „Die Stadt brannte drei Tage lang.“",
        "他说：「公司于二十年前在上海成立」。",
    ],
)
def test_a_quotation_that_stands_nowhere_is_never_a_citation(reply: str) -> None:
    found = checked(reply, REPORT, CHINESE)

    assert [each.support for each in found.statements] == [Support.MISQUOTED]
    assert not found.citations


def test_a_true_quotation_bears_out_nothing_that_is_said_beside_it() -> None:
    reply = "Peter Miller said in 1999 that it “did not pay a dividend”."

    assert support(reply) == [Support.UNSUPPORTED]


def test_a_quotation_may_leave_something_out() -> None:
    [statement] = checked("“Acme Corp was founded […] in Zürich.”").statements

    assert statement.support is Support.SUPPORTED


def test_a_short_answer_counts_together_with_its_question() -> None:
    asked = "Where did the head office move?"

    assert support("Basel", question=asked) == [Support.SUPPORTED]
    assert support("Basel", question="Who wrote Hamlet?") == [Support.UNSUPPORTED]
    assert support("Geneva", question=asked) == [Support.UNSUPPORTED]


@pytest.mark.parametrize(
    "reply",
    [
        "The documents do not mention the number of employees.",
        "Die Dokumente enthalten dazu keine Angaben.",
        "Les documents ne mentionnent pas le nombre d'employés.",
        "I documenti non indicano il numero di dipendenti.",
        "Los documentos no mencionan el número de empleados.",
        "Os documentos não mencionam o número de funcionários.",
        "This is not in your documents.",
        "दस्तावेज़ों में इसका कोई उल्लेख नहीं है।",
        "ไม่พบข้อมูลนี้ในเอกสาร",
        "文档中没有提到员工人数。",
    ],
)
def test_that_it_is_not_there_is_an_answer_and_no_statement(reply: str) -> None:
    found = checked(reply)

    assert found.is_not_found
    assert not found.statements


def test_a_document_that_itself_denies_something_is_cited() -> None:
    text = "The audit report does not include the leased buildings."

    found = checked(
        "The report does not include the leased buildings.", text, question="Are buildings leased?"
    )

    assert [each.support for each in found.statements] == [Support.SUPPORTED]
    assert not found.is_not_found


def test_headings_code_and_questions_state_nothing() -> None:
    reply = (
        "# Costs in 1950\n\n```\nrevenue = 99\n```\n\nShall I go on about 1950?\nHere they are:\n"
    )

    assert not checked(reply).statements


def test_lines_that_only_wrap_are_one_sentence() -> None:
    reply = "Maria Keller founded\nAcme Corp in 1987."

    [statement] = checked(reply).statements

    assert reply[statement.start : statement.end] == reply


def test_without_passages_nothing_is_borne_out() -> None:
    found = cite("Maria Keller founded Acme Corp in 1987.", [])

    assert [each.support for each in found.statements] == [Support.UNSUPPORTED]


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_is_said_a_citation_stands_there_letter_by_letter(reply: str, text: str) -> None:
    found = checked(f"{reply} {text}", text or " ", question=reply)

    for each in found.citations:
        assert each.quote == text[each.span.start - START : each.span.end - START]
        assert each.quote
    for statement in found.statements:
        assert (statement.support is Support.SUPPORTED) == bool(statement.citations)
