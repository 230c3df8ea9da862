"""Drawing a reply while it is made, in the very structure in which a stored one is drawn.

The script follows the reply, one st.write_stream for each Markdown block, so that only the open block is sent again.
Every wait is short and touches Streamlit, so that a click, a rerun or a closed tab can take the page away at any time:
the reply does not notice.
"""

import time
from collections.abc import Callable, Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from chatbot.core.drawable import Drawing, drawable
from chatbot.engine.crowd import Crowd
from chatbot.ui import session
from chatbot.ui.reading import Reading
from chatbot.ui.words import seconds, sentence, thought_for

BEAT = "beat"
"""In the session: what else moves on the page while a reply is followed, since fragments stand still then."""

_SMALL = 500  # characters of an open block below which it is cheap to send again
_PAUSE, _LONGER_PAUSE = 0.018, 0.05  # seconds between two updates of a small and of a larger open block
_DRAWN_IN_ALL, _CROWDED_PAUSE = 64, 0.3  # updates a second of all pages together; the longest pause they come to
# After coming to a page: for so many seconds, how long nothing is drawn each time.
_SETTLING, _SETTLING_PAUSE = 4.0, 1.5
_PER_CHARACTER = 1e-5  # seconds; a fence of 60,000 characters is drawn again every 0.6 s
_REASONING_PAUSE = 0.25
_LONG_WAIT = 5.0  # seconds after which the waiting is counted on screen


Tick = Callable[[Reading], None]


def follow(
    reading: Reading, body: DeltaGenerator, hint: DeltaGenerator, *, waited: Callable[[], float], tick: Tick
) -> "Lead":
    """Draw the reply until it is over.

    `hint`: a slot for a grey word; `waited`: seconds since it was asked for; `tick` is called at every look.
    """
    with _watchers:
        return _follow(reading, body, hint, waited, tick)


def _follow(
    reading: Reading, body: DeltaGenerator, hint: DeltaGenerator, waited: Callable[[], float], tick: Tick
) -> "Lead":
    lead = Lead(body.empty())
    look = _Look(reading, hint, tick, continues=reading.spoke)
    while not reading.spoke and not reading.over:
        lead.wait(reading, waited())
        look.more()
    lead.spoke(reading)
    number = 0
    while True:
        raw, done = reading.block(number)
        if not raw.strip():
            if done:
                break
            look.more()
        elif done:
            body.markdown(drawable(raw))
            number += 1
        else:
            _stream(look, body.empty(), number)
            number += 1
    lead.spoke(reading)
    return lead


class Lead:
    """What stands above a reply's text: that it is awaited, or what the model thought, folded."""

    def __init__(self, slot: DeltaGenerator) -> None:
        self._slot = slot
        self._words = ""
        self._folded: StatusContainer | None = None
        self._tail: DeltaGenerator | None = None
        self._drawn = 0
        self._at = 0.0

    def wait(self, reading: Reading, waited: float) -> None:
        """Say what is being waited for, as little as has changed."""
        if reading.thought:
            self._unfold(reading, pause=_REASONING_PAUSE)
            return
        if reading.waiting:
            words = sentence(reading.waiting)
        elif not reading.started and waited > 1:
            words = "Next in line."
        else:
            counted = f" :gray[{seconds(int(waited)).replace('.0', '')}]" if waited >= _LONG_WAIT else ""
            words = f":shimmer[Thinking…]{counted}"
        if words != self._words:
            self._words = words
            self._slot.markdown(words)

    def spoke(self, reading: Reading) -> None:
        """The text has begun, or the reply is over: nothing is awaited any more."""
        if reading.thought:
            self._unfold(reading, pause=0.0)
            self.thought(reading.thinking)
        elif self._words:
            self._words = ""
            self._slot.empty()

    def thought(self, duration: float | None) -> None:
        """Write over the folded reasoning how long it took, in seconds; nothing where there is none."""
        if self._folded is not None:
            self._folded.update(label=thought_for(duration), state="complete")

    def _unfold(self, reading: Reading, *, pause: float) -> None:
        if self._folded is None:
            self._folded = self._slot.status(":shimmer[Thinking…]", type="compact")
        if time.monotonic() - self._at < pause:
            return
        self._at = time.monotonic()
        for raw in reading.reasoning.finished[self._drawn :]:
            (self._tail or self._folded).markdown(drawable(raw))
            self._tail = None
            self._drawn += 1
        if reading.reasoning.open.strip():
            self._tail = self._tail or self._folded.empty()
            self._tail.markdown(drawable(reading.reasoning.open, open=True))


class _Look:
    """One look at what has arrived, and a word where the reader would wonder."""

    def __init__(self, reading: Reading, hint: DeltaGenerator, tick: Tick, *, continues: bool) -> None:
        self.reading = reading
        self._tick = tick
        self._hint = hint
        self._continues = continues
        self._words = ""

    def more(self) -> None:
        self.reading.more()
        # A yield point: a page that nothing is drawn on could not be left otherwise.
        beat = st.session_state.get(BEAT)
        if beat is not None:
            beat()
        self._tick(self.reading)
        words = ""
        if self._continues and not self.reading.over:
            words = sentence(self.reading.waiting) if self.reading.waiting else ""
            if not words and not self.reading.heard:
                words = ":shimmer[Going on…]"
        if words != self._words:
            self._words = words
            self._hint.caption(words, width="content")


def _stream(look: _Look, slot: DeltaGenerator, number: int) -> None:
    """Draw one block while it grows, then once as a whole."""
    done = False
    while not done:
        said = slot.write_stream(_growth(look, number))
        raw, done = look.reading.block(number)
    whole = drawable(raw)
    if whole != said:
        slot.markdown(whole)


def _growth(look: _Look, number: int) -> Iterator[str]:
    """What has come to the block since the last time; ends with it, or where it can no longer just be appended to."""
    said, read, drawing = "", 0, Drawing()
    while True:
        raw, done = look.reading.block(number)
        # What was drawn of an open block is not drawn again: only what has come since is looked at.
        text = drawable(raw) if done else said + drawing.feed(raw[read:])
        read = len(raw)
        if not text.startswith(said):
            return
        if len(text) > len(said):
            yield text[len(said) :]
            said = text
        if done:
            return
        time.sleep(_pause(len(raw)))
        look.more()


def _pause(length: int) -> float:
    """Seconds until an open block of so many characters is drawn again.

    A server that many pages watch draws each a little less often: twenty at 50 tokens/s would else cost it a core,
    and the replies would fall behind. A browser fetches a page's widgets when it has nothing else to do: who comes in
    the middle of a reply, on a slow computer, would else have no Stop and no input until it has ended.
    """
    settling = _SETTLING_PAUSE if session.settling(_SETTLING) else 0.0
    alone = _PAUSE if length < _SMALL else _LONGER_PAUSE
    crowded = min(_CROWDED_PAUSE, _watchers.count / _DRAWN_IN_ALL)
    return max(alone, crowded, settling, length * _PER_CHARACTER)


_watchers = Crowd()  # pages of this process that follow a reply right now
