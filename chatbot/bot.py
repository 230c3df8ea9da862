"""ByteBot in a script: a conversation as an object."""

import threading
import weakref
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from chatbot.core.endings import how_it_ended
from chatbot.core.errors import BadInput, ByteBotError, TurnFailed

if TYPE_CHECKING:
    from chatbot.core.messages import Message
    from chatbot.engine.engine import Engine
    from chatbot.engine.live import LiveTurn
    from chatbot.home.home import Home

_KEEPING = 3.0  # seconds in which a stopped turn is stored


class Chatbot:
    """A conversation that remembers, and is kept beside those of the browser and the terminal.

        bot = Chatbot()
        print(bot.chat("Hello, who are you?"))
        for piece in bot.chat_stream("Tell me more."):
            print(piece, end="", flush=True)

    `connection`, `model`, `system`, `temperature` (0 to 2) and `max_output` (tokens) are the settings' where they are
    None; "none" leaves temperature or max_output out of the requests. `conversation` goes on with a stored one, on its
    own options; the beginning of its id is enough. With `temporary`, no word is kept anywhere. `allow_unpriced` asks
    models without a known price although a limit is set (`chatbot budget`). `home` brings other settings than this
    process's own.

    Raises SettingsError, StoreError, BadInput or NotFound, each one plain sentence, before anything is sent. Safe to
    use from several threads: what is said while a reply is being written waits for its end, then is answered in turn.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        system: str | None = None,
        connection: str | None = None,
        temperature: float | Literal["none"] | None = None,
        max_output: int | Literal["none"] | None = None,
        temporary: bool = False,
        allow_unpriced: bool | None = None,
        conversation: str | None = None,
        home: "Home | None" = None,
    ) -> None:
        # Imported here: the engine brings the database along, and `from chatbot import Chatbot` must stay cheap.
        from chatbot.engine.choose import choose
        from chatbot.engine.open import open_engine
        from chatbot.home.home import Home

        _check("model", model, "a model's id")
        _check("system", system, "the words of a system prompt")
        _check("connection", connection, "the name of a connection")
        _check("conversation", conversation, "the id of a conversation or its beginning")
        _check("temporary", temporary, "True or False", of=bool, none=False)
        _check("allow_unpriced", allow_unpriced, "True or False", of=bool)
        _check("home", home, "a Home", of=Home)
        if temporary and conversation is not None:
            raise BadInput(
                "A temporary chat begins anew and is not kept; leave out temporary to go on with a stored one."
            )
        home = home or Home.open()
        self._engine: Engine = open_engine(home, temporary=temporary, titles=False)
        # Also at the end of the process: what is being written then is kept.
        self._closing = weakref.finalize(self, self._engine.close)
        self._lock = threading.Lock()
        self._conversation: str | None = None
        self._head: int | None = None
        try:
            base = None
            if conversation is not None:
                self._engine.recover()
                conversations = self._engine.store.conversations
                stored = conversations.get(conversations.id_of(conversation))
                self._conversation, self._head, base = stored.id, stored.head, stored.options
            self._options = choose(
                home,
                base,
                connection=connection,
                model=model,
                system=system,
                temperature=temperature,
                max_output=max_output,
                allow_unpriced=allow_unpriced,
            )
        except BaseException:
            self.close()
            raise

    @property
    def conversation(self) -> str | None:
        """The id under which every face finds this conversation; None before the first message."""
        return self._conversation

    @property
    def history(self) -> tuple["Message", ...]:
        """What was said, oldest first: `message.role` is "user" or "assistant", `message.text` the words."""
        from chatbot.core.messages import said

        with self._lock:
            conversation, head = self._conversation, self._head
        if conversation is None:
            return ()
        view = self._engine.view(conversation, head, last=1_000_000)
        return tuple(said(shown.role, shown.text, reasoning=shown.reasoning) for shown in view.shown)

    def chat(self, text: str) -> str:
        """The whole reply. TurnFailed when it did not come or is not whole; its `part` is what arrived and is kept."""
        turn = self._begin(text)
        try:
            turn.wait()
        except BaseException:  # Ctrl-C: the person stopped it, and the part is kept
            _stop(turn)
            raise
        return self._whole(turn)

    def chat_stream(self, text: str) -> Iterator[str]:
        """The reply in pieces, as they arrive; TurnFailed at its end when it is not whole.

        Nothing is sent before the first piece is asked for. Leaving the loop stops the reply and keeps the part.
        """
        from chatbot.core.events import TextDelta

        turn = self._begin(text)
        try:
            for batch in turn.follow():
                if piece := "".join(event.text for event in batch if isinstance(event, TextDelta)):
                    yield piece
        finally:
            if not turn.over:
                _stop(turn)
        self._whole(turn)

    def reset(self) -> None:
        """Begin a new conversation with the next message. The old one stays where it is kept."""
        with self._lock:
            self._conversation = self._head = None

    def close(self) -> None:
        """Stop what is being written, keep the part, let go of the history. Happens by itself when the script ends."""
        self._closing()

    def __enter__(self) -> "Chatbot":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _begin(self, text: str) -> "LiveTurn":
        from chatbot.engine.actions import Say

        if not isinstance(text, str):
            raise BadInput(f"A message is a text, not {type(text).__name__}.")
        if not self._closing.alive:
            raise ByteBotError("This Chatbot is closed. Make a new one.")
        with self._lock:
            turn = self._engine.start(self._conversation, Say(text, self._head), options=self._options, tag="script")
            self._conversation, self._head = turn.conversation, turn.reply
        return turn

    def _whole(self, turn: "LiveTurn") -> str:
        from chatbot.engine.reply import reply_of

        reply = reply_of(turn)
        sentence = how_it_ended(reply.state, limit=self._options.max_output, usage=turn.usage)
        if sentence is None:
            return reply.text
        way_out: Literal["raise_limit", "edit"] = "raise_limit" if reply.state == "length" else "edit"
        raise TurnFailed(sentence, part=reply.text, kind=reply.state, way_out=way_out)


def _check(name: str, value: object, what: str, *, of: type = str, none: bool = True) -> None:
    if not isinstance(value, of) and not (none and value is None):
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:60] + "…"
        as_text = ", as a text" if of is str else ""
        raise BadInput(f"{name} is {shown}; it must be {what}{as_text}{', or None' if none else ''}.")


def _stop(turn: "LiveTurn") -> None:
    turn.stop()
    turn.wait(_KEEPING)
