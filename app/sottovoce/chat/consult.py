"""What an answer is written from: which documents are asked, and for what."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from sottovoce.chat import prompts
from sottovoce.chat.context import Selection, select
from sottovoce.chat.material import Material, read_again, read_whole, search
from sottovoce.chat.news import Searching
from sottovoce.chat.question import is_about_reply, is_small_talk, searched_for
from sottovoce.domain.conversation import Message, Role, Turn
from sottovoce.domain.document import Passage, Scope
from sottovoce.domain.model import Model, Sampling
from sottovoce.domain.reply import Piece
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine, Loaded, Prompt
from sottovoce.library.library import Library

# Room kept for a reply of no set length, unless that is more than a quarter of the context window.
_REPLY_TOKENS = 1024
# Tokens of documents that are worth waiting for: a processor reads a hundred or less in a second.
_WHOLE_ON_PROCESSOR, _WHOLE_ON_GPU = 8192, 1 << 20
_PASSAGES_ON_PROCESSOR, _PASSAGES_ON_GPU = 1536, 6144
# Shares of the context window without the reply. The rest is for the chat itself.
_WHOLE_SHARE, _PASSAGES_SHARE = 0.75, 0.5
_SMALL, _PASSAGES_FOR_SMALL = 1_000_000_000, 640
"""Bytes of a model that loses its way in more tokens than so many."""
_TRUSTED = 1_800_000_000
"""Bytes of a model that can put a question in other words: about three billion parameters."""
_LONGEST_QUERY = 400
"""Characters. A model that writes more has not done what it was asked for."""


@dataclass(frozen=True, slots=True)
class Window:
    """The context window that an answer is written in."""

    engine: Engine
    model: Model
    settings: Settings
    loaded: Loaded
    stop: Stop

    @property
    def budget(self) -> int:
        """Tokens that are not kept for the reply."""
        wanted = self.settings.sampling.max_tokens or _REPLY_TOKENS
        return self.loaded.context_limit - min(wanted, self.loaded.context_limit // 4)

    @property
    def room_for_whole(self) -> int:
        """Tokens that documents which are read whole may take."""
        most = _WHOLE_ON_GPU if self.loaded.gpu_layers else _WHOLE_ON_PROCESSOR
        return min(most, int(self.budget * _WHOLE_SHARE))

    @property
    def room_for_passages(self) -> int:
        """Tokens that passages may take."""
        most = _PASSAGES_ON_GPU if self.loaded.gpu_layers else _PASSAGES_ON_PROCESSOR
        if self.model.size < _SMALL:
            most = _PASSAGES_FOR_SMALL
        return min(most, int(self.budget * _PASSAGES_SHARE))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens in each text."""
        return self.engine.count(texts, self.stop)

    def select(self, turns: Sequence[Turn], material: Material | None) -> Selection:
        """What fits of a chat, with the documents that are read whole before it."""
        system = self.settings.system_prompt
        if material is not None:
            system = prompts.system_text(system, material.whole)
        return select(system, turns, budget=self.budget, count=self.count)


def consult(
    library: Library, scope: Scope, history: Sequence[Message], window: Window
) -> Generator[Searching, None, Material]:
    """What the documents give for the last question.

    Small talk needs nothing; a wish about the last reply, what that was written from; a reply that
    goes on, what it was begun with. Raises Missing if none of the documents can be searched yet.
    """
    *before, last = history
    if last.role is Role.ASSISTANT:
        return Material() if last.sources is None else read_again(library, last.sources)
    whole, rest = read_whole(library, scope, room=window.room_for_whole, count=window.count)
    question = last.text
    earlier = [message.text for message in before if message.role is Role.USER]
    if is_small_talk(question):
        return whole
    shown = before[-1].sources if before else None
    if shown is not None and is_about_reply(question):
        passages = read_again(library, shown).sources.passages
        return _with(whole, passages, shown.query or earlier[-1])
    query = searched_for(question, earlier)
    if not rest.is_empty:
        if query != question and window.model.size >= _TRUSTED:
            query = _rewritten(before, question, whole, window) or query
        yield Searching(query)
        found = search(
            library,
            query,
            rest,
            room=window.room_for_passages,
            count=window.count,
            stop=window.stop,
        )
        whole = replace(_with(whole, found, ""), is_searched=True)
    return whole if query == question else _with(whole, whole.sources.passages, query)


def _with(material: Material, passages: tuple[Passage, ...], query: str) -> Material:
    return replace(material, sources=replace(material.sources, passages=passages, query=query))


def _rewritten(before: Sequence[Message], question: str, whole: Material, window: Window) -> str:
    """The question so that it can be understood without the chat before it; empty if unsure."""
    # The reply's own prompt begins with the same turns: the KV cache keeps what is read here.
    turns = [message.turn for message in before if message.text]
    selection = window.select([*turns, Turn(Role.USER, prompts.rewriting(question))], whole)
    asking = Prompt(selection.turns, Sampling(temperature=0, max_tokens=_LONGEST_QUERY // 4))
    replied = window.engine.reply(asking, window.stop)
    query = "".join(news.text for news in replied if isinstance(news, Piece)).strip(' \n"')
    window.stop.check()
    return query if len(query) <= _LONGEST_QUERY and "\n" not in query else ""
