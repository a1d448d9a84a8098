"""The text of a prompt: a model's own chat template, filled with the turns of a conversation.

Templates come with model files and are not trusted: they run in a sandbox with limits. Nor are
the turns, which may quote any document: what looks like a control token in them must stay text.
"""

import json
import re
import secrets
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from jinja2 import Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sottovoce.domain.conversation import Role, Turn
from sottovoce.domain.problems import Unsupported

UNUSABLE = "This model's chat template cannot be used. Choose another model."
LARGEST_TEMPLATE = 1_000_000
LARGEST_VALUE = 10_000_000
"""The number, or the count of characters or items, that a template may make by multiplying."""
FRAME = 1_000_000
"""Characters a template may put around the turns."""
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}<|im_start|>assistant{{ '\n' }}"
)
PLAIN = (
    "{% for message in messages %}### {{ message.role | capitalize }}:\n{{ message.content }}\n\n"
    "{% endfor %}### Assistant:{{ '\n' }}"
)
"""For models that come without a template and without control tokens for turns."""
PLAIN_STOP = ("\n### User:", "\n### System:", "\n### Assistant:")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a prompt must know of the model's tokens."""

    template: str
    """Empty if the model brings none."""
    bos: str
    eos: str
    control: tuple[str, ...]
    """The texts that stand for control tokens."""


class PromptWriter:
    """Writes prompts for one model."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._source = vocabulary.template
        self.stop: tuple[str, ...] = ()
        """Where a reply ends besides at the model's own end tokens."""
        if not self._source and {"<|im_start|>", "<|im_end|>"} <= set(vocabulary.control):
            self._source = CHATML
        if not self._source:
            self._source, self.stop = PLAIN, PLAIN_STOP
        texts = sorted(filter(None, vocabulary.control), key=len, reverse=True)
        # A lookahead finds overlapping ones, too.
        self._control = re.compile(f"(?=({'|'.join(map(re.escape, texts))}))") if texts else None
        self._template: Template | None = None

    def write(self, turns: Sequence[Turn], now: datetime) -> list[str]:
        """The prompt's text in parts, to be tokenised one by one with control tokens parsed.

        The parts are cut where a turn's own text would have read as a control token. If the last
        turn is the assistant's, the prompt ends in the middle of it. Raises Unsupported.
        """
        mark = str(secrets.randbits(128))  # Digits alone: no filter of a template alters them.
        turns = [replace(turn, text=self._cut(turn.text, mark)) for turn in _alternating(turns)]
        begun = ""
        if turns and turns[-1].role is Role.ASSISTANT:
            begun = turns.pop().text
        text = self._filled(turns, now) + begun
        return [part for part in text.split(mark) if part]

    def _cut(self, text: str, mark: str) -> str:
        """`text` with a mark after the first character of whatever reads as a control token."""
        if self._control is None:
            return text
        cuts = [match.start() + 1 for match in self._control.finditer(text)]
        return mark.join(text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True))

    def _filled(self, turns: list[Turn], now: datetime) -> str:
        system = [turn.text.strip() for turn in turns if turn.role is Role.SYSTEM]
        try:
            text = self._render(turns, now)
        except TemplateError as error:
            if not system or isinstance(error, SecurityError):
                raise Unsupported(UNUSABLE) from error
        else:
            if all(words in text for words in system):
                return text
        # The template refuses or leaves out a system turn: the user says it, then.
        try:
            return self._render(_without_system(turns), now)
        except TemplateError as error:
            raise Unsupported(UNUSABLE) from error

    def _render(self, turns: list[Turn], now: datetime) -> str:
        try:
            if self._template is None:
                self._template = _compiled(self._source)
            pieces = self._template.generate(
                messages=[{"role": str(turn.role), "content": turn.text} for turn in turns],
                bos_token=self._vocabulary.bos,
                eos_token=self._vocabulary.eos,
                add_generation_prompt=True,
                date_string=now.strftime("%d %b %Y"),
                strftime_now=now.strftime,
                raise_exception=_refuse,
                tools=None,
            )
            return _joined(pieces, FRAME + 4 * sum(len(turn.text) for turn in turns))
        except TemplateError:
            raise
        except MemoryError as error:
            raise SecurityError("too large") from error
        except Exception as error:  # The template of a stranger: it can raise anything.
            raise TemplateError(type(error).__name__) from error


def _alternating(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with neighbours of one role joined: many templates insist on alternation."""
    return [
        Turn(role, "\n\n".join(turn.text for turn in same))
        for role, same in groupby(turns, key=lambda turn: turn.role)
    ]


def _without_system(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with what the system says put into the next words of the user."""
    user = {Role.SYSTEM: Role.USER}
    return _alternating([replace(turn, role=user.get(turn.role, turn.role)) for turn in turns])


def _joined(pieces: Iterable[str], most: int) -> str:
    """The text of all pieces. Raises SecurityError once it is longer than `most`."""
    text: list[str] = []
    for piece in pieces:
        most -= len(piece)
        if most < 0:
            raise SecurityError("too long")
        text.append(piece)
    return "".join(text)


def _compiled(source: str) -> Template:
    if len(source) > LARGEST_TEMPLATE:
        raise SecurityError("too long")
    environment = _Sandbox(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _GenerationTag]
    )
    environment.filters["tojson"] = _json
    return environment.from_string(source)


def _json(value: object, indent: int | None = None) -> str:
    """As templates expect it: Jinja's own would escape for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(reason: object) -> None:
    """What templates call to say that they cannot express a conversation."""
    raise TemplateError(str(reason))


class _GenerationTag(Extension):
    """Hugging Face's mark around what a model was trained to write. It changes no prompt."""

    tags = {"generation"}  # noqa: RUF012  The type that jinja2 gives it.

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Runs no code but the template's own, and lets no value grow out of all proportion."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        is_formatting = operator == "%" and isinstance(left, str)
        if is_formatting or operator == "**" or _size(left) * _size(right) > LARGEST_VALUE:
            raise SecurityError("not in a chat template")
        result: object = super().call_binop(context, operator, left, right)
        return result


def _size(value: object) -> int:
    """How much `value` multiplies what it is multiplied with."""
    if isinstance(value, int | float):
        return int(abs(value))
    return len(value) if isinstance(value, Sized) else 1
