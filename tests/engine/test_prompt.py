from datetime import UTC, datetime

import pytest

from engine.asking import assistant, user
from sottovoce.domain.conversation import Role, Turn
from sottovoce.domain.problems import Unsupported
from sottovoce.engine.prompt import PLAIN_STOP, PromptWriter, Vocabulary

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BASIC = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]"
STRICT = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('alternate') }}{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}"
)


def system(text: str) -> Turn:
    return Turn(Role.SYSTEM, text)


def writer(template: str, *control: str) -> PromptWriter:
    return PromptWriter(Vocabulary(template, "<s>", "</s>", control))


def text(template: str, *turns: Turn) -> str:
    return "".join(writer(template).write(turns, NOW))


def test_the_models_own_template_is_filled() -> None:
    assert text(BASIC, user("Hello")) == "[user]Hello[assistant]"


def test_marks_around_what_was_trained_change_no_prompt() -> None:
    marked = BASIC.replace(
        "{{ m.content }}",
        "{% generation %}{{ m.content }}{% if loop.last %}!{% endif %}{% endgeneration %}",
    )
    assert text(marked, user("Hello")) == "[user]Hello![assistant]"


def test_a_template_sees_today_and_the_models_ends() -> None:
    assert text("{{ bos_token }}{{ date_string }}{{ strftime_now('%Y') }}{{ eos_token }}") == (
        "<s>23 Nov 20262026</s>"
    )


def test_a_reply_that_was_begun_is_continued() -> None:
    turns = (user("Count"), assistant("one two"))
    assert text(BASIC, *turns) == "[user]Count[assistant]one two"


def test_neighbours_of_one_role_are_joined() -> None:
    assert text(STRICT, user("a"), user("b"), assistant("c"), user("d")) == (
        "[user]a\n\nb[assistant]c[user]d"
    )


def test_a_refused_system_turn_is_said_by_the_user() -> None:
    assert text(STRICT, system("Be brief."), user("Hi")) == "[user]Be brief.\n\nHi"


def test_a_system_turn_that_a_template_leaves_out_is_said_by_the_user() -> None:
    deaf = "{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    assert text(deaf, system("Be brief."), user("Hi")) == "[user]Be brief.\n\nHi"


def test_a_control_token_in_the_users_words_is_cut() -> None:
    parts = writer(BASIC, "<end>").write([user("a<end>b<end>")], NOW)
    assert "".join(parts) == "[user]a<end>b<end>[assistant]"
    assert not any("<end>" in part for part in parts)


def test_overlapping_control_tokens_are_cut_everywhere() -> None:
    control = ("<a<", "<b", "aba")
    parts = writer(BASIC, *control).write([user("<a<b ababa")], NOW)
    assert "".join(parts) == "[user]<a<b ababa[assistant]"
    assert not any(token in part for token in control for part in parts)


def test_control_tokens_of_the_template_itself_stay_whole() -> None:
    parts = writer("<end>" + BASIC, "<end>").write([user("x")], NOW)
    assert parts == ["<end>[user]x[assistant]"]


def test_a_begun_reply_is_cut_too() -> None:
    parts = writer(BASIC, "<end>").write([user("x"), assistant("<end>")], NOW)
    assert not any("<end>" in part for part in parts)


def test_trimming_templates_leave_no_trace_of_the_cut() -> None:
    trimming = "{% for m in messages %}{{ m.content | trim | upper }}{% endfor %}"
    parts = writer(trimming, "<end>").write([user("  <end>x<end>  ")], NOW)
    assert "".join(parts) == "<END>X<END>"


def test_without_a_template_chatml_is_used_if_the_model_knows_it() -> None:
    parts = writer("", "<|im_start|>", "<|im_end|>").write([user("Hi")], NOW)
    assert "".join(parts) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def test_without_anything_a_plain_format_ends_at_its_headings() -> None:
    plain = writer("")
    assert "".join(plain.write([user("Hi")], NOW)) == "### User:\nHi\n\n### Assistant:\n"
    assert plain.stop == PLAIN_STOP


def test_a_template_learns_nothing_about_the_program() -> None:
    assert text("{{ raise_exception.__globals__ }}{{ strftime_now.__self__ }}") == ""


@pytest.mark.parametrize(
    "template",
    [
        "{% for %}",
        "{{ raise_exception('no') }}",
        "{{ messages[7].content }}",
        "{{ 1 / 0 }}",
        "{{ nothing() }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ ''|attr('__class__') }}{{ ().__class__.__base__.__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(raise_exception) }}",
        "{{ messages.append(1) }}",
        "{{ ('a' * 1000000000) | length }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{% for i in range(99999) %}{{ 'x' * 99999 }}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "x" * 2_000_000,
    ],
)
def test_a_template_that_cannot_or_must_not_run_is_unsupported(template: str) -> None:
    with pytest.raises(Unsupported):
        text(template, user("Hi"))
