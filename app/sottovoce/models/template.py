"""What a chat template does beyond putting the turns of a conversation into a frame.

Templates are small programs by strangers. Here they are parsed and read, never run. What only
speaks when tools are offered is left aside: Sottovoce offers none.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.filters import FILTERS
from jinja2.parser import Parser
from jinja2.tests import TESTS

from sottovoce.models.gguf import line
from sottovoce.models.inspection import ChatTemplate, Finding
from sottovoce.models.template_parts import Part, is_field, live_parts

LONGEST_TEMPLATE = 100_000
"""Characters. The longest of well-known models has some 20,000."""

_LONGEST_EXCERPT = 300
_MANY_WORDS = 6
"""In one piece of text: from here on it can tell a model what to do."""
_TOO_MANY_LETTERS = 140
"""In all pieces together: instructions can be cut up."""
_MANY_ROUNDS = 1_000
"""Of a loop that counts."""
_DEEPEST_LOOPS = 4

_COMPARING = {"count", "endswith", "find", "index", "rfind", "rsplit", "split", "startswith"}

_INNER_WORKINGS = "It reaches for the inner workings of the program, as an attack would."
_FOREIGN_CALL = "It calls a function that is no part of formatting."
_DEPENDS = "What it writes depends on words in the messages."
_REWRITES = "It changes words in the messages."

_FUNCTIONS = {
    "caller", "dict", "joiner", "namespace", "raise_exception", "range", "strftime_now", "tojson",
}  # fmt: skip
_METHODS = {
    "append", "capitalize", "count", "endswith", "find", "format", "get", "index", "isdigit",
    "items", "join", "keys", "lower", "lstrip", "pop", "replace", "rfind", "rsplit", "rstrip",
    "split", "splitlines", "startswith", "strip", "title", "update", "upper", "values",
}  # fmt: skip
_FILTERS = {*FILTERS, "fromjson", "from_json"} - {"attr"}
_MARKUP = re.compile(
    r"<\|\w+\|>\w+<\|\w+\|>|<[^<>]{1,80}>|\[/?[A-Z_]{1,40}\]|\\[a-z]|/(no_?)?think"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_WITHOUT_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af]")
"""Letters of scripts that set no spaces between words: Thai, Lao, Burmese, Khmer, Chinese…"""
_PART_KINDS = {"audio", "image", "image_url", "text", "video", "video_url"}
"""What parts of a message are called where it is no text alone."""
_WELL_KNOWN = re.compile(
    r"You are an? helpful( AI)?( language)? assistant\.?"
    r"|You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    r"|You are ChatGPT, a large language model trained by OpenAI\."
    r"|You are Granite, developed by IBM\."
    r"|You are Kimi, an AI assistant created by Moonshot AI\."
    r"|You are Qwen, created by Alibaba Cloud\."
    r"|# Valid channels: analysis, commentary, final\. Channel must be included for every message\."
    r"|Calls to these tools must go to the commentary channel: 'functions'\."
    r"|Cutting Knowledge Date: December 2023|Knowledge Cutoff Date: April 2024"
    r"|Knowledge cutoff: 2024-06|(Current date|Today Date|Today's Date):"
)
"""System prompts with which the makers of well-known models trained them."""


def examine_template(text: str, length: int) -> ChatTemplate:
    """The template with what it does beyond formatting.

    `length`: characters it has in all, where `text` is only its beginning.
    """
    if length > LONGEST_TEMPLATE:
        sentence = (
            f"It is {length:,} characters long, far longer than any chat template has to be. "
            "It was not looked into."
        )
        return ChatTemplate(text, (Finding(sentence, ""),))
    try:
        environment = Environment(extensions=[loopcontrols, _GenerationTag], autoescape=True)
        tree = Parser(environment, text).parse()
        return ChatTemplate(text, tuple(dict.fromkeys(_findings(tree))))
    except TemplateSyntaxError as error:
        sentence = "It contains what no chat template may contain, so it cannot be used."
        return ChatTemplate(text, (Finding(sentence, _shown(f"Line {error.lineno}")),))
    except RecursionError:
        sentence = "It is nested far deeper than any chat template has to be."
        return ChatTemplate(text, (Finding(sentence, ""),))


class _GenerationTag(Extension):
    """Hugging Face's mark around what a model was trained to write. It changes no prompt."""

    tags = {"generation"}  # noqa: RUF012  The type that jinja2 gives it.

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _findings(tree: nodes.Template) -> Iterator[Finding]:
    own = {macro.name for macro in tree.find_all(nodes.Macro)}
    for node in tree.find_all(nodes.Node):
        yield from _reaches_out(node, own)
    parts = live_parts(tree)
    for node, _ in parts:
        yield from _wastes(node)
    yield from _starts_itself(tree, parts)
    yield from _own_words(parts)
    yield from _judges(parts)
    if not any(_is_content(node) for node, _ in parts):
        yield Finding("It leaves out what the messages say.", "")


def _reaches_out(node: nodes.Node, own: set[str]) -> Iterator[Finding]:
    """What has no place in a template, even where it never runs."""
    match node:
        case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends():
            yield Finding("It asks for another file. It gets none.", type(node).__name__)
        case nodes.Getattr(attr=name) | nodes.NSRef(attr=name) if name.startswith("_"):
            yield Finding(_INNER_WORKINGS, _shown(name))
        case nodes.Const(value=str(text)) if "__" in text:
            yield Finding(_INNER_WORKINGS, _shown(text))
        case nodes.Filter(name="attr"):
            yield Finding(_INNER_WORKINGS, "attr")
        case nodes.Filter(name=name) if name not in _FILTERS:
            yield Finding("It uses a filter that chat templates don't have.", _shown(name))
        case nodes.Test(name=name) if name not in TESTS:
            yield Finding("It uses a test that chat templates don't have.", _shown(name))
        case nodes.Call(node=nodes.Name(name=name)) if name not in _FUNCTIONS | own:
            yield Finding(_FOREIGN_CALL, _shown(name))
        case nodes.Call(node=nodes.Getattr(attr=name)) if name not in _METHODS:
            yield Finding(_FOREIGN_CALL, _shown(name))
        case nodes.Call(node=nodes.Getattr(attr="format", node=text)) if not isinstance(
            text, nodes.Const
        ):
            yield Finding(_INNER_WORKINGS, "format")
        case nodes.Call(node=called) if not isinstance(called, nodes.Name | nodes.Getattr):
            yield Finding(_FOREIGN_CALL, type(called).__name__)


def _wastes(node: nodes.Node) -> Iterator[Finding]:
    """What is made to take for ever, or all the memory."""
    match node:
        case nodes.Call(node=nodes.Name(name="range"), args=arguments):
            if any(_largest(argument) > _MANY_ROUNDS for argument in arguments):
                yield Finding("It counts further than any chat is long.", "range")
        case nodes.Pow():
            yield Finding("It makes huge numbers.", "**")
        case nodes.Mul() if _largest(node) > _MANY_ROUNDS:
            yield Finding("It makes huge texts or numbers.", "*")
        case nodes.For(recursive=True):
            yield Finding("It has a loop that starts itself again.", "recursive")
        case nodes.For() if _depth(node) > _DEEPEST_LOOPS:
            yield Finding("It has loops in loops in loops.", "for")


def _starts_itself(tree: nodes.Template, parts: Iterable[Part]) -> Iterator[Finding]:
    """Macros that are used and that call themselves, if by a detour."""
    calls = {
        macro.name: {name.name for name in macro.find_all(nodes.Name)}
        for macro in tree.find_all(nodes.Macro)
    }
    for node, _ in parts:
        if isinstance(node, nodes.Name) and node.name in calls:
            reached: set[str] = set()
            ahead = [*calls[node.name]]
            while ahead:
                name = ahead.pop()
                if name in calls and name not in reached:
                    reached.add(name)
                    ahead += calls[name]
            if node.name in reached:
                yield Finding("It has a part that starts itself again.", _shown(node.name))


def _largest(node: nodes.Node) -> int:
    """The largest number that stands there, or that multiplying makes of those that do."""
    if isinstance(node, nodes.Mul):
        return max(_largest(node.left), 1) * max(_largest(node.right), 1)
    if isinstance(node, nodes.Const):
        return node.value if type(node.value) is int else 0
    return max(map(_largest, node.iter_child_nodes()), default=0)


def _depth(node: nodes.Node) -> int:
    """How many loops stand within each other."""
    return isinstance(node, nodes.For) + max(map(_depth, node.iter_child_nodes()), default=0)


def _own_words(parts: Iterable[Part]) -> Iterator[Finding]:
    """What the template says to the model itself."""
    said = [text for node, speaks in parts if speaks for text in _texts(node)]
    known = _WELL_KNOWN.sub("", "\0".join(said)).split("\0")
    counted = [(text, _words(text)) for text in known]
    long = [text for text, words in counted if words >= _MANY_WORDS]
    for text in long:
        yield Finding("It adds words of its own, which the model takes as yours.", _shown(text))
    letters = sum(map(str.isalpha, _MARKUP.sub("", " ".join(known))))
    if not long and letters > _TOO_MANY_LETTERS:
        pieces = " … ".join(text.strip() for text in known if text.strip())
        yield Finding("It adds many words of its own, in small pieces.", _shown(pieces))


def _judges(parts: Sequence[Part]) -> Iterator[Finding]:
    """What depends on words in the messages, or changes them."""
    holders = _content_holders(parts)
    for node, _ in parts:
        match node:
            case nodes.Compare(expr=left, ops=operands):
                sides = [left, *(operand.expr for operand in operands)]
                if any(_reads(side, holders) for side in sides):
                    others = (side for side in sides if not _reads(side, holders))
                    yield from _told(_DEPENDS, *others)
            case nodes.Test(node=tested, args=arguments) if _reads(tested, holders):
                yield from _told(_DEPENDS, *(arguments or ()))
            case nodes.Call(node=nodes.Getattr(attr=name, node=text), args=arguments):
                if name in _COMPARING and _reads(text, holders):
                    yield from _told(_DEPENDS, *arguments)
                if name == "replace" and _reads(text, holders):
                    yield from _told(_REWRITES, *arguments)
                if name == "get" and any(_reads(argument, holders) for argument in arguments):
                    yield Finding(_DEPENDS, "get")
            case nodes.Filter(name="replace", node=nodes.Node() as text, args=arguments):
                if _reads(text, holders):
                    yield from _told(_REWRITES, *arguments)
            case nodes.Filter(name="reverse", node=nodes.Node() as text) if _is_content(text):
                yield Finding(_REWRITES, "reverse")
            case nodes.Getitem(arg=key) if _reads(key, holders):
                yield Finding(_DEPENDS, "[…]")


def _told(sentence: str, *texts: nodes.Node) -> Iterator[Finding]:
    """The finding, if there are words in these texts."""
    if words := _words_in(*texts):
        yield Finding(sentence, words)


def _reads(node: nodes.Node, holders: set[str]) -> bool:
    """Whether this depends on what messages say."""
    if _is_content(node) or (isinstance(node, nodes.Name) and node.name in holders):
        return True
    match node:
        case nodes.Getattr() | nodes.Getitem(arg=nodes.Const(value=str())):
            return False  # A field of a text: there is none.
        case nodes.Call(node=nodes.Getattr(node=text)):
            return any(_reads(part, holders) for part in (text, *node.args))
    return any(_reads(child, holders) for child in node.iter_child_nodes())


def _content_holders(parts: Sequence[Part]) -> set[str]:
    """Variables that hold what messages say, or something made of it."""
    holders: set[str] = set()
    while True:
        more = {
            name.name
            for node, _ in parts
            for target, value in _handed_on(node)
            if _reads(value, holders)
            for name in (target, *target.find_all(nodes.Name))
            if isinstance(name, nodes.Name)
        }
        if more <= holders:
            return holders
        holders |= more


def _handed_on(node: nodes.Node) -> Iterator[tuple[nodes.Node, nodes.Node]]:
    """Targets and the values that they get here."""
    match node:
        case nodes.Assign(target=target, node=value) | nodes.For(target=target, iter=value):
            yield target, value


def _is_content(node: nodes.Node) -> bool:
    """Whether this is what messages say."""
    match node:
        case nodes.Keyword(key="attribute", value=nodes.Const(value=name)):
            return bool(name == "content")
        case nodes.Filter(name="string" | "tojson", node=nodes.Name(name=name)):
            return name.startswith("message")
    return is_field(node, {"content"})


def _texts(node: nodes.Node) -> Iterator[str]:
    """The text that stands in this very node."""
    match node:
        case nodes.TemplateData(data=text) | nodes.Const(value=str(text)):
            yield text


def _words_in(*some: nodes.Node) -> str:
    """The texts with words in them, in one line; empty if there are none."""
    inner = (part for node in some for part in (node, *node.find_all(nodes.Node)))
    texts = (text for part in inner for text in _texts(part) if text not in _PART_KINDS)
    return _shown(" … ".join(text for text in texts if _words(text)))


def _words(text: str) -> int:
    """How many words a person would count, without control tokens and other marks."""
    bare = _MARKUP.sub(" ", text)
    return len(_WORD.findall(bare)) + len(_WITHOUT_SPACES.findall(bare)) // 2


def _shown(text: str) -> str:
    return line(text, _LONGEST_EXCERPT)
