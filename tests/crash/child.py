"""An app that is going to be killed: it talks in several conversations and says, line by line, what it has promised.

    python -m tests.crash.child DATABASE_URL BASE_URL SEED

Each line is JSON with a moment (time.time()): what `start` returned, what a watcher saw, how a reply ended.
"""

import json
import random
import sys
import threading
import time
from collections.abc import Iterable, Mapping

from chatbot.core.events import Failed, Finished, ReasoningDelta, TextDelta
from chatbot.core.settings import Connection, Options, Secret
from chatbot.engine.actions import Action, Continue, Regenerate, Say
from chatbot.engine.engine import Engine
from chatbot.engine.outside import Outside
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.store.store import Store

TALKERS = 4
MODELS = ("words:300@150", "words:40@0", "reasoning", "length:60@200", "slow-first:0.3", "fault:hang-up:later")
_printing = threading.Lock()


def is_from(seed: int, messages: Iterable[Mapping[str, object]]) -> bool:
    """Whether a request's messages are of the app with this seed."""
    talkers = {f"Message {seed * TALKERS + talker}" for talker in range(TALKERS)}
    return any(str(message["content"]).split("-")[0] in talkers for message in messages)


def tell(**what: object) -> None:
    with _printing:
        print(json.dumps({"at": time.time(), **what}), flush=True)


def talk(engine: Engine, seed: int) -> None:
    """One conversation after another, with continuations and regenerations, without end."""
    dice = random.Random(seed)
    while True:
        conversation, parent, last = None, None, None
        for turn in range(4):
            options = Options(connection="fake", model=dice.choice(MODELS), system="Be kind.")
            words = f"Message {seed}-{turn}-{dice.random()}"
            action: Action = Say(words, parent=parent)
            if last is not None and dice.random() < 0.3:
                action = Continue(last[0]) if last[1] in ("length", "cut") else Regenerate(last[0])
            live = engine.start(conversation, action, options=options)
            said = words if isinstance(action, Say) else None
            tell(kind="began", reply=live.reply, conversation=live.conversation, said=said)
            text = ""
            for batch in live.follow():
                for event in batch:
                    if isinstance(event, TextDelta | ReasoningDelta):
                        text += event.text if isinstance(event, TextDelta) else ""
                    elif isinstance(event, Finished | Failed):
                        last = (live.reply, event.state)
                        tell(kind="ended", reply=live.reply, state=event.state, text=text)
                if batch and not live.over:
                    tell(kind="saw", reply=live.reply, text=text)
            conversation, parent = live.conversation, live.reply


def main(database: str, base_url: str, seed: int) -> None:
    store = Store.open(database)
    entry = Connection(name="fake", base_url=base_url)
    provider = ChatCompletions(entry, Secret("sk-crash"), store.quirks)
    engine = Engine(store, Outside(connection=lambda _: entry, provider=lambda _: provider))
    engine.watch()
    for talker in range(TALKERS):
        threading.Thread(target=talk, args=(engine, seed * TALKERS + talker), daemon=True).start()
    tell(kind="ready")
    threading.Event().wait(60)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
