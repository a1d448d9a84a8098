from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from sottovoce.domain.conversation import State
from sottovoce.store.store import open_store


class Tree(RuleBasedStateMachine):
    """A chat in the store behaves like a plain dictionary of who follows whom."""

    messages = Bundle("messages")

    def __init__(self) -> None:
        super().__init__()
        self.store = open_store(None, b"")
        self.chat = self.store.new_conversation().id
        self.parents: dict[int, int | None] = {}
        self.texts: dict[int, str] = {}
        self.writing: set[int] = set()
        self.leaf: int | None = None

    @rule(target=messages, text=st.text())
    def begin(self, text: str) -> int:
        return self.kept(self.store.say(self.chat, text, None).id, None, text)

    @rule(target=messages, parent=messages, text=st.text())
    def say(self, parent: int, text: str) -> int:
        return self.kept(self.store.say(self.chat, text, parent).id, parent, text)

    @rule(target=messages, parent=messages)
    def reply(self, parent: int) -> int:
        reply = self.store.begin_reply(self.chat, parent, "a model").id
        self.writing.add(reply)
        return self.kept(reply, parent, "")

    @rule(message=messages, text=st.text())
    def journal(self, message: int, text: str) -> None:
        if message in self.writing:
            self.store.journal(message, text)
            self.texts[message] += text

    @rule(message=messages, continues=st.booleans())
    def stop(self, message: int, continues: bool) -> None:
        if message not in self.writing:
            return
        self.store.finish_reply(message, State.STOPPED, text=self.texts[message])
        self.writing.remove(message)
        if continues:
            self.store.continue_reply(message)
            self.writing.add(message)
            self.leaf = message

    @rule(message=messages)
    def show(self, message: int) -> None:
        self.store.show_branch(message)
        self.leaf = max(other for other in self.parents if message in self.line(other))

    @invariant()
    def the_shown_branch_is_the_line_to_the_leaf(self) -> None:
        shown = self.store.messages(self.chat)
        assert [message.id for message in shown] == self.line(self.leaf)
        for message in shown:
            assert message.text == self.texts[message.id]
            siblings = [other for other, parent in self.parents.items() if parent == message.parent]
            assert message.variants == tuple(siblings)
            assert self.store.message(message.id) == message

    def kept(self, message: int, parent: int | None, text: str) -> int:
        self.parents[message] = parent
        self.texts[message] = text
        self.leaf = message
        return message

    def line(self, message: int | None) -> list[int]:
        line: list[int] = []
        while message is not None:
            line.insert(0, message)
            message = self.parents[message]
        return line

    def teardown(self) -> None:
        self.store.close()


TestTree = Tree.TestCase
TestTree.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
