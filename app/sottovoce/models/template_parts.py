"""The parts of a chat template that can speak in a chat without tools.

Sottovoce fills templates in with the turns of a system, a user and an assistant, and with no tools.
Many templates bring long instructions for tools along, which are then never said. This follows what
is known before anything runs, and only claims a part to be silent if it surely is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Final, NamedTuple

from jinja2 import nodes

_GIVEN: Final = {
    "add_generation_prompt", "bos_token", "caller", "date_string", "dict", "eos_token", "joiner",
    "kwargs", "loop", "messages", "namespace", "raise_exception", "range", "self",
    "strftime_now", "super", "varargs",
}  # fmt: skip
"""What a template finds there. `tools` is there too: it is None."""
_ROLES: Final = {"system", "user", "assistant"}
_TOOL_FIELDS: Final = {"function_call", "tool_call_id", "tool_calls", "tool_responses"}
"""What messages have only where tools are used."""
_ASKING: Final = {
    "count", "endswith", "find", "index", "lstrip", "raise_exception", "rfind", "rsplit", "rstrip",
    "split", "startswith", "strftime_now", "strip",
}  # fmt: skip
"""Functions and methods whose arguments never become part of a prompt."""


class Part(NamedTuple):
    """A node of the tree."""

    node: nodes.Node
    speaks: bool
    """Whether a text here may become part of a prompt, and is not only compared with one."""


class _Unknown:
    """What only running the template would tell."""


class _Undefined:
    """What nobody sets."""


class _Text:
    """Some text: what a message says is always that."""


_UNKNOWN: Final = _Unknown()
_UNDEFINED: Final = _Undefined()
_TEXT: Final = _Text()


def live_parts(tree: nodes.Template) -> list[Part]:
    """All parts of a template that can speak, in their order."""
    template = _Template(tree)
    parts = [Part(node, True) for node in tree.find_all(nodes.Node)]
    # What is left silent may have set variables, which leaves more silent. Few need a third look.
    for _ in range(3):
        template.learn(parts)
        parts = template.parts()
    return parts


def is_field(node: nodes.Node, names: set[str]) -> bool:
    """Whether this is a field of something that has one of these names."""
    match node:
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=name)):
            return name in names
        case nodes.Call(node=nodes.Getattr(attr="get"), args=[nodes.Const(value=name), *_]):
            return name in names
    return False


class _Template:
    """What is known of a template's variables."""

    def __init__(self, tree: nodes.Template) -> None:
        self._tree = tree
        self._macros = {macro.name: macro for macro in tree.find_all(nodes.Macro)}
        self._used: set[str] = set()
        stored = (name.name for name in tree.find_all(nodes.Name) if name.ctx != "load")
        self._known: dict[str, object] = dict.fromkeys(stored, _UNKNOWN)
        self._messages: set[str] = set()
        """Variables that hold messages, or one of them, and never anything else."""
        self._made = set(_made_fields(tree))

    def learn(self, parts: Iterable[Part]) -> None:
        """Gather what the variables can hold if these parts are all there are."""
        assigned = {id(n.target): n.node for n, _ in parts if isinstance(n, nodes.Assign)}
        looped = {id(n.target): n.iter for n, _ in parts if isinstance(n, nodes.For)}
        handed = self._handed(parts)
        set_at = defaultdict[str, list[int]](list)
        for node, _ in parts:
            if isinstance(node, nodes.Name) and node.ctx != "load":
                set_at[node.name].append(id(node))
        known = dict[str, object]()
        for name, places in set_at.items():
            values = {
                self._value_for(name, value)
                for place in places
                for value in handed.get(place) or [assigned.get(place)]
            }
            if not handed.keys() >= {*places}:  # It may be asked for before it is set.
                values.add(self._unset(name))
            known[name] = values.pop() if len(values) == 1 else _UNKNOWN
        self._known = known
        self._messages = {"messages", *set_at}
        sources = {**assigned, **looped}
        while others := {
            name
            for name in self._messages & set_at.keys()
            if not all(self._holds_messages(sources.get(place)) for place in set_at[name])
        }:
            self._messages -= others

    def _handed(self, parts: Iterable[Part]) -> dict[int, list[nodes.Node | None]]:
        """What macros are called with, by the places of their parameters."""
        handed = defaultdict[int, list[nodes.Node | None]](list)
        calls = {id(n.node): n for n, _ in parts if isinstance(n, nodes.Call)}
        for node, _ in parts:
            if not isinstance(node, nodes.Name) or node.name not in self._macros:
                continue
            call = calls.get(id(node))
            # Without a call, it is handed on to who knows where, and may be called from there.
            values = call.args if call else []
            named = {keyword.key: keyword.value for keyword in call.kwargs} if call else {}
            for parameter, value in zip_longest(self._macros[node.name].args, values):
                if parameter is not None:
                    handed[id(parameter)].append(value or named.get(parameter.name))
        return handed

    def parts(self) -> list[Part]:
        self._used.clear()
        return [part for node in self._tree.body for part in self._walk(node, speaks=True)]

    def _walk(self, node: nodes.Node, *, speaks: bool) -> Iterator[Part]:
        yield Part(node, speaks)
        match node:
            case nodes.Macro():
                return  # It speaks where it is used.
            case nodes.Name(name=name) if name in self._macros and name not in self._used:
                self._used.add(name)
                macro = self._macros[name]
                yield from self._all([*macro.args, *macro.defaults, *macro.body], speaks=True)
            case nodes.If():
                yield from self._walk(node.test, speaks=False)
                truth = self._truth(node.test)
                if truth is not False:
                    yield from self._all(node.body, speaks=speaks)
                if truth is not True:
                    yield from self._all([*node.elif_, *node.else_], speaks=speaks)
            case nodes.For() if self._value(node.iter) in (None, _UNDEFINED):
                return
            case nodes.CondExpr():
                yield from self._walk(node.test, speaks=False)
                truth = self._truth(node.test)
                if truth is not False:
                    yield from self._walk(node.expr1, speaks=speaks)
                if truth is not True and node.expr2:
                    yield from self._walk(node.expr2, speaks=speaks)
            case nodes.And() | nodes.Or():
                yield from self._walk(node.left, speaks=speaks)
                if self._truth(node.left) is not isinstance(node, nodes.Or):
                    yield from self._walk(node.right, speaks=speaks)
            case nodes.Compare() | nodes.Test():
                yield from self._all(node.iter_child_nodes(), speaks=False)
            case nodes.Getitem():
                yield from self._walk(node.node, speaks=speaks)
                yield from self._walk(node.arg, speaks=False)
            case nodes.Pair():
                yield from self._walk(node.key, speaks=False)
                yield from self._walk(node.value, speaks=speaks)
            case nodes.Call():
                yield from self._walk(node.node, speaks=speaks)
                name = getattr(node.node, "name", "") or getattr(node.node, "attr", "")
                yield from self._all(
                    [*node.args, *node.kwargs], speaks=speaks and name not in _ASKING
                )
            case _:
                yield from self._all(node.iter_child_nodes(), speaks=speaks)

    def _all(self, some: Iterable[nodes.Node], *, speaks: bool) -> Iterator[Part]:
        for node in some:
            yield from self._walk(node, speaks=speaks)

    def _value_for(self, name: str, node: nodes.Node | None) -> object:
        """What a variable becomes by being set to this."""
        if isinstance(node, nodes.Name) and node.name == name:
            return self._unset(name)  # Handed on under its own name, it is what it was before.
        return _UNKNOWN if node is None else self._value(node)

    def _unset(self, name: str) -> object:
        if name == "tools":
            return None
        return _UNKNOWN if name in _GIVEN or name in self._macros else _UNDEFINED

    def _truth(self, node: nodes.Node) -> bool | None:
        """What a condition comes to; None if only running would tell."""
        if isinstance(node, nodes.And | nodes.Or):
            decisive = isinstance(node, nodes.Or)
            sides = self._truth(node.left), self._truth(node.right)
            if decisive in sides:
                return decisive
            return None if None in sides else not decisive
        value = self._value(node)
        if value is _UNKNOWN or value is _TEXT:
            return None
        return value is not _UNDEFINED and bool(value)

    def _value(self, node: nodes.Node) -> object:
        match node:
            case nodes.Const(value=value):
                return value
            case nodes.Name(name=name):
                return self._known[name] if name in self._known else self._unset(name)
            case nodes.Not():
                truth = self._truth(node.node)
                return _UNKNOWN if truth is None else not truth
            case nodes.Test() if not node.args:
                return _tested(node.name, self._value(node.node))
            case nodes.Compare(ops=[operand]):
                return self._compared(node.expr, operand)
        if is_field(node, _TOOL_FIELDS - self._made) and self._holds_messages(_base(node)):
            return None if isinstance(node, nodes.Call) else _UNDEFINED
        if is_field(node, {"content"} - self._made) and self._holds_messages(_base(node)):
            return _TEXT
        return _UNKNOWN

    def _compared(self, left: nodes.Node, operand: nodes.Operand) -> object:
        right = operand.expr
        values = self._value(left), self._value(right)
        match operand.op:
            case "eq" | "ne" if self._is_role(left) and isinstance(values[1], str):
                is_other = values[1] not in _ROLES
                return (operand.op == "ne") if is_other else _UNKNOWN
            case "in" if self._is_role(left) and isinstance(right, nodes.List | nodes.Tuple):
                roles = {self._value(item) for item in right.items}
                is_other = _UNKNOWN not in roles and not roles & _ROLES
                return False if is_other else _UNKNOWN
            case "in" | "notin" if values[0] in _TOOL_FIELDS - self._made:
                return (operand.op == "notin") if self._holds_messages(right) else _UNKNOWN
        return _UNKNOWN

    def _is_role(self, node: nodes.Node) -> bool:
        is_role = is_field(node, {"role"} - self._made)
        return is_role and self._holds_messages(_base(node))

    def _holds_messages(self, node: nodes.Node | None) -> bool:
        match node:
            case nodes.Name(name=name):
                return name in self._messages
            case nodes.Getitem(arg=nodes.Const(value=int()) | nodes.Slice() | nodes.Neg()):
                return self._holds_messages(node.node)
            case nodes.Filter(name="list" | "reverse" | "first" | "last"):
                return self._holds_messages(node.node)
        return False


def _base(node: nodes.Node) -> nodes.Node | None:
    """What a field is a field of."""
    match node:
        case nodes.Getattr() | nodes.Getitem():
            return node.node
        case nodes.Call(node=nodes.Getattr() as method):
            return method.node
    return None


def _tested(name: str, value: object) -> object:
    if value is _UNKNOWN:
        return _UNKNOWN
    match name:
        case "defined" | "undefined":
            return (value is _UNDEFINED) == (name == "undefined")
        case "none":
            return value is None
        case "string":
            return value is _TEXT or isinstance(value, str)
        case "mapping" | "number" | "true" | "boolean" if value in (None, _UNDEFINED, _TEXT):
            return False
        case "iterable" | "sequence" if value in (None, _TEXT):
            return value is _TEXT
    return _UNKNOWN


def _made_fields(tree: nodes.Template) -> Iterator[object]:
    """Names of fields of things that the template makes itself."""
    for pair in tree.find_all(nodes.Pair):
        yield from (const.value for const in pair.find_all(nodes.Const))
    for keyword in tree.find_all(nodes.Keyword):
        yield keyword.key
    for reference in tree.find_all(nodes.NSRef):
        yield reference.attr
