"""Conversations that name themselves: after the first reply, a model is asked for a few words, as a call of its own."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from chatbot.core.errors import ByteBotError, Forbidden, ModelUnknown, Unpriced
from chatbot.core.events import CallFinished, CallStarted, TextDelta
from chatbot.core.settings import Options
from chatbot.core.text import first_words, repair
from chatbot.core.tokens import rough
from chatbot.engine.call import Attempt, call
from chatbot.engine.cheap import for_simple_things
from chatbot.engine.live import LiveTurn
from chatbot.engine.outside import Outside
from chatbot.engine.payer import Payer
from chatbot.engine.reserve import Reserve
from chatbot.engine.stages import priced
from chatbot.providers.provider import Cancel, Request
from chatbot.store.lease import Owner
from chatbot.store.ledger import Ledger
from chatbot.store.store import Store
from chatbot.store.values import Begun

log = logging.getLogger(__name__)

ASK = "Name this conversation in two to five plain words, in its own language. Answer with the name only."
MOST_TOKENS = 200  # some think before they name
LONGEST_ANSWER = 400  # characters; a model that goes on is left
MOST_READ = 1_500  # characters of each side; a name needs no more, and it is somebody's money


class Titles:
    """Asks at most once for each conversation, and never in the way of a reply."""

    def __init__(self, store: Store, ledger: Ledger, outside: Outside, process: Owner) -> None:
        self._store = store
        self._ledger = ledger
        self._outside = outside
        self._process = process
        self._cancel = Cancel()
        self._asking: dict[threading.Thread, str] = {}
        self._beginning = threading.Lock()  # a thread that close finds has been started

    def consider(self, begun: Begun, options: Options, turn: LiveTurn, *, answered: str) -> None:
        """After a reply by the model `answered`: ask for a title when it was the first whole one and the connection is
        meant for it.
        """
        if self._cancel.is_set() or turn.cancel.is_set() or begun.user is None:
            return
        try:
            if not self._outside.titles(options.connection):
                return
            conversation = self._store.conversations.get(begun.conversation)
            row = self._store.conversations.messages([begun.user, begun.reply])
            first = row[begun.user].parent is None and conversation.title_by == "words"
        except (ByteBotError, KeyError):
            return  # deleted meanwhile, or the store is gone: a name is not worth a word about it
        if not first or row[begun.reply].state != "complete":
            return
        said, answer = row[begun.user].text, row[begun.reply].text
        models = for_simple_things(self._outside, options, answered)
        thread = threading.Thread(
            target=self._ask, args=(begun.conversation, options, models, said, answer), name="title", daemon=True
        )
        with self._beginning:
            if not self._cancel.is_set():
                self._asking[thread] = begun.conversation
                thread.start()

    def asking(self, conversation: str) -> bool:
        """Whether a model is being asked for this conversation's name now."""
        return conversation in list(self._asking.values())

    def close(self) -> None:
        with self._beginning:
            self._cancel.set()
        for thread in list(self._asking):
            thread.join(1.0)

    def wait(self, seconds: float) -> None:
        """Let the names come that were asked for; a face that ends at once calls this."""
        until = time.monotonic() + seconds
        with self._beginning:
            asking = list(self._asking)
        for thread in asking:
            thread.join(max(0.0, until - time.monotonic()))

    def _ask(self, conversation: str, options: Options, models: Sequence[str], said: str, answer: str) -> None:
        try:
            title = self._title(conversation, options, models, said, answer)
            if title:
                self._store.conversations.rename(conversation, title, by="model")
        except ByteBotError as error:
            log.info("no title: %s", type(error).__name__)
        finally:
            self._asking.pop(threading.current_thread(), None)

    def _title(self, conversation: str, options: Options, models: Sequence[str], said: str, answer: str) -> str:
        """The name that the first of the models gives that can be asked, or nothing."""
        prompt = f"{said[:MOST_READ]}\n\n---\n\n{answer[:MOST_READ]}\n\n---\n\n{ASK}"
        own = replace(self._outside.payer(options.connection, self._ledger, self._process), conversation=conversation)
        for model in models:
            payer = own if model == options.model else replace(own, instead_of=options.model)
            try:
                attempt, words = self._asked(payer, model, prompt)
            except Unpriced:
                continue  # the chat's own has a price, or it is not asked either
            if isinstance(attempt.error, ModelUnknown | Forbidden):
                continue
            name = repair(words).strip().strip("\"'*#“”").strip()
            return first_words(name, most=60) if attempt.end or attempt.stopped else ""
        return ""

    def _asked(self, payer: Payer, model: str, prompt: str) -> tuple[Attempt, str]:
        """One call, recorded like any other: how it went, and its words."""
        request = Request(messages=[{"role": "user", "content": prompt}], model=model, max_output=MOST_TOKENS)
        provider = self._outside.provider(payer.connection)
        attempt, words = Attempt(), ""
        numbers: list[int] = []
        leave = Cancel()
        with self._cancel.calling(leave.set):
            request = Reserve(payer, self._outside, numbers.append, purpose="title")(request)
            asked = call(provider, request, leave, attempt, purpose="title")
            price, other = self._outside.price, payer.instead_of
            events = priced(asked, base_url=payer.base_url, count=rough, price=price, instead_of=other)
            for event in events:
                match event:
                    case CallStarted():
                        if not numbers:
                            estimate = event.input_estimate
                            numbers.append(payer.sent(event.model, purpose="title", input_estimate=estimate))
                    case TextDelta(text):
                        words += text
                        if len(words) > LONGEST_ANSWER:
                            leave.set()  # a server that does not keep to the limit must not bill a whole essay
                    case CallFinished():
                        self._ledger.settle(numbers[0], event)
                    case _:
                        pass
        return attempt, words
