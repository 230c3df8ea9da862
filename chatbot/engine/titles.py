"""Conversations that name themselves: after the first reply, a model is asked for a few words, as a call of its own."""

import logging
import threading
import time

from chatbot.core.errors import ByteBotError, ProviderError
from chatbot.core.events import CallFinished
from chatbot.core.settings import Options
from chatbot.core.text import first_words, repair
from chatbot.core.tokens import rough
from chatbot.engine.live import LiveTurn
from chatbot.engine.outside import Outside
from chatbot.providers.provider import Cancel, End, Request, Stopped, TextChunk
from chatbot.store.lease import Owner
from chatbot.store.ledger import Ledger
from chatbot.store.store import Store
from chatbot.store.values import Begun

log = logging.getLogger(__name__)

ASK = "Name this conversation in two to five plain words, in its own language. Answer with the name only."
MOST_READ = 1_500  # characters of each side; a name needs no more, and it is somebody's money


class Titles:
    """Asks at most once for each conversation, and never in the way of a reply."""

    def __init__(self, store: Store, ledger: Ledger, outside: Outside, process: Owner) -> None:
        self._store = store
        self._ledger = ledger
        self._outside = outside
        self._process = process
        self._cancel = Cancel()
        self._asking: set[threading.Thread] = set()

    def consider(self, begun: Begun, options: Options, turn: LiveTurn) -> None:
        """After a reply: ask for a title when it was the first whole one and the connection is meant for it."""
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
        thread = threading.Thread(
            target=self._ask, args=(begun.conversation, options, said, answer), name="title", daemon=True
        )
        self._asking.add(thread)
        thread.start()

    def close(self) -> None:
        self._cancel.set()
        for thread in list(self._asking):
            thread.join(1.0)

    def wait(self, seconds: float) -> None:
        """Let the names come that were asked for; a face that ends at once calls this."""
        until = time.monotonic() + seconds
        for thread in list(self._asking):
            thread.join(max(0.0, until - time.monotonic()))

    def _ask(self, conversation: str, options: Options, said: str, answer: str) -> None:
        try:
            title = self._title(conversation, options, said, answer)
            if title:
                self._store.conversations.rename(conversation, title, by="model")
        except ByteBotError as error:
            log.info("no title: %s", type(error).__name__)
        finally:
            self._asking.discard(threading.current_thread())

    def _title(self, conversation: str, options: Options, said: str, answer: str) -> str:
        prompt = f"{said[:MOST_READ]}\n\n---\n\n{answer[:MOST_READ]}\n\n---\n\n{ASK}"
        provider = self._outside.provider(options.connection)
        call = self._ledger.sent(
            conversation=conversation,
            reply=None,
            purpose="title",
            connection=options.connection,
            base_url=self._outside.connection(options.connection).base_url,
            model=options.model,
            input_estimate=rough(prompt) + 4,
            process=self._process,
        )
        began, words, first = time.monotonic(), [], None
        end: End | None = None
        error: ProviderError | None = None
        request = Request(messages=[{"role": "user", "content": prompt}], model=options.model, max_output=200)
        try:
            for chunk in provider.stream(request, self._cancel):
                if isinstance(chunk, TextChunk):
                    first = first if first is not None else time.monotonic() - began
                    words.append(chunk.text)
                elif isinstance(chunk, End):
                    end = chunk
        except Stopped:
            pass
        except ProviderError as caught:
            error = caught
        self._ledger.settle(
            call,
            CallFinished(
                outcome="answered" if end else "refused" if error and not words else "stopped",
                model=end.model if end else None,
                finish_reason=end.finish_reason if end else None,
                usage=end.usage if end else None,
                status=error.status if error else None,
                first_token=first,
                duration=time.monotonic() - began,
                error=type(error).__name__ if error else None,
            ),
        )
        return first_words(repair("".join(words)).strip().strip("\"'*#“”").strip(), most=60) if end else ""
