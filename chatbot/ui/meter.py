"""What a reply has cost so far, while it is being written."""

import time
from collections.abc import Callable

from streamlit.delta_generator import DeltaGenerator

from chatbot.core.bill import bill, short
from chatbot.core.errors import ByteBotError
from chatbot.core.pricing import Cost
from chatbot.core.tokens import rough
from chatbot.engine.engine import Engine
from chatbot.ui.reading import Reading
from chatbot.ui.spend import Spend
from chatbot.ui.words import sentence

_EVERY = 1.0  # seconds between two figures


class Meter:
    """Drawn beside the words of the reply and in the sidebar, once a second at most, and only when a price is known."""

    def __init__(self, slot: DeltaGenerator, spent: Spend, engine: Engine, reply: int) -> None:
        self._slot = slot
        self._spent = spent
        self._engine = engine
        self._reply = reply
        self._price: Callable[[int], Cost] | None = None
        self._at = time.monotonic()
        self._counted, self._tokens = 0, 0
        self._words = ""

    def tick(self, reading: Reading) -> None:
        """Look whether it is time for another figure."""
        if time.monotonic() - self._at < _EVERY or reading.over or not (reading.heard or self._words):
            return
        self._at = time.monotonic()
        try:
            self._price = self._price or self._engine.ahead.meter(self._reply)
        except ByteBotError:
            return
        if self._price is None:
            self._at += 10 * _EVERY  # a model on this machine, or one without a price
            return
        finished = [*reading.reasoning.finished, *reading.text.finished]
        self._tokens += sum(rough(block) for block in finished[self._counted :])
        self._counted = len(finished)
        cost = self._price(self._tokens + rough(reading.text.open + reading.reasoning.open))
        words = short(bill([cost]))
        if words != self._words:
            self._words = words
            self._slot.markdown(f":small[:gray[{sentence(words)}]]", width="content")
            self._spent.draw(cost)
