"""What a hub's refusals say to the person."""

import pytest

from sottovoce.domain.problems import Missing, Problem, Refused, Unidentified, Unreachable
from sottovoce.models.refusals import problem_of


@pytest.mark.parametrize(
    ("status", "code", "knows_us", "kind", "says"),
    [
        (401, "GatedRepo", False, Unidentified, "access token"),
        (403, "GatedRepo", True, Unidentified, "Your account"),
        (401, "RepoNotFound", False, Missing, "no anna/small"),
        (404, "RepoNotFound", True, Missing, "no anna/small"),
        (404, "RevisionNotFound", False, Missing, "version"),
        (404, "EntryNotFound", False, Missing, "file"),
        (404, "", False, Missing, "no anna/small"),
        (401, "", True, Unidentified, "does not know your access token"),
        (403, "", True, Refused, "does not hand out"),
        (451, "", False, Refused, "does not hand out"),
        (407, "", False, Refused, "proxy"),
        (400, "", False, Refused, "(400)"),
        (429, "", False, Unreachable, "too often"),
        (408, "", False, Unreachable, "troubles"),
        (500, "", False, Unreachable, "troubles"),
        (503, "", False, Unreachable, "troubles"),
    ],
)
def test_each_refusal_says_what_to_do(
    status: int, code: str, knows_us: bool, kind: type[Problem], says: str
) -> None:
    problem = problem_of(status, {"X-Error-Code": code}, "anna/small", knows_us=knows_us)
    assert type(problem) is kind
    assert says in str(problem)


@pytest.mark.parametrize(
    ("wait", "says"),
    [
        ("30", "in 30 s"),
        ("600", "in 10 min"),
        ("", "later"),
        ("soon", "later"),
        ("-1", "later"),
        ("9" * 5000, "later"),
        ("١٢", "later"),
    ],
)
def test_a_hub_that_is_asked_too_often_says_when_to_come_back(wait: str, says: str) -> None:
    problem = problem_of(429, {"Retry-After": wait}, "", knows_us=False)
    assert says in str(problem)
