"""Whole conversations for tests: any tree that the store could keep, and some that are hard to keep."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from hypothesis import strategies as st

from chatbot.core.errors import WayOut
from chatbot.core.events import Outcome, Purpose
from chatbot.core.messages import State
from chatbot.core.text import repair, storable
from chatbot.core.whole import GONE, Whole, WholeCall, WholeMessage

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HARD = (
    "",
    "```\n````\nx\n````\n```",
    "=1+1\n@SUM(A1)",
    "مرحبا שלום \u202eoverride",
    "a\x00b",
    "lone \ud800 and \udfff",
    "a\u2028b\u2029c\x85\r\n\r",
    "</script><b>&amp;\"'",
    "👩‍👩‍👧‍👦" * 50,
)
TEXTS = st.one_of(st.sampled_from(HARD), st.text(max_size=40)).map(repair)
NAMES = st.one_of(st.none(), TEXTS)
TIMES = st.integers(0, 10**15).map(lambda micro: NOON + timedelta(microseconds=micro))
SECONDS = st.one_of(st.none(), st.floats(0, 10**6))
COUNTS = st.one_of(st.none(), st.integers(0, 2**50))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXTS, inside, max_size=3),
    max_leaves=5,
).map(storable)
STATES = tuple(state for state in get_args(State) if state not in ("running", "waiting"))


@st.composite
def options(draw: st.DrawFn) -> dict[str, Any]:
    known = {
        "connection": draw(TEXTS),
        "model": draw(TEXTS),
        "temperature": draw(st.one_of(st.none(), st.floats(0, 2))),
        "max_output": draw(st.one_of(st.none(), st.integers(1, 9999))),
        "allow_unpriced": draw(st.booleans()),
    }
    return draw(st.sampled_from([{}, known, {**known, "of a later version": draw(JSON)}]))


@st.composite
def messages(draw: st.DrawFn) -> tuple[WholeMessage, ...]:
    made: list[WholeMessage] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        parent = draw(st.one_of(st.none(), st.integers(1, number - 1))) if number > 1 else None
        role = draw(st.sampled_from(["user", "assistant"]))
        goes_on = role == "assistant" and parent is not None and made[parent - 1].role == "assistant"
        usage = {"input_tokens": draw(COUNTS), "estimated": draw(st.booleans()), "raw": {"more": draw(JSON)}}
        made.append(
            WholeMessage(
                parent=parent,
                role=role,
                state=draw(st.sampled_from(STATES)),
                continues=goes_on and draw(st.booleans()),
                created=draw(TIMES),
                finished=draw(st.one_of(st.none(), TIMES)),
                text=draw(TEXTS),
                reasoning=draw(TEXTS),
                connection=draw(NAMES),
                model_asked=draw(NAMES),
                finish_reason=draw(NAMES),
                first_token=draw(SECONDS),
                duration=draw(SECONDS),
                retries=draw(st.integers(0, 3)),
                error=draw(NAMES),
                way_out=draw(st.sampled_from([None, *get_args(WayOut)])),
                notes=tuple(draw(st.lists(TEXTS, max_size=2))),
                usage=draw(st.sampled_from([None, usage])),
                options=draw(options()),
                sent=tuple(draw(st.lists(st.sampled_from([None, GONE, *range(1, number)]), max_size=3))),
            )
        )
    return tuple(made)


@st.composite
def calls(draw: st.DrawFn, replies: int) -> tuple[WholeCall, ...]:
    made = []
    for number in range(draw(st.integers(0, 3))):
        amount = draw(st.one_of(st.none(), st.integers(0, 10**15)))
        lines = {"lines": [["input", 12, "0.15"]], "origin": "somebody", "model": "m", "tier": None, "why": draw(TEXTS)}
        made.append(
            WholeCall(
                reply=draw(st.sampled_from([None, *range(replies + 1)])),
                purpose=draw(st.sampled_from(get_args(Purpose))),
                connection=draw(TEXTS),
                base_url="http://127.0.0.1:1/v1",
                model_asked=draw(TEXTS),
                outcome=draw(st.sampled_from(get_args(Outcome))),
                started=NOON + timedelta(seconds=number),
                finished=draw(TIMES),
                status=draw(st.sampled_from([None, 200, 429])),
                duration=draw(SECONDS),
                input_estimate=draw(st.integers(0, 9999)),
                output_tokens=draw(COUNTS),
                usage=draw(st.sampled_from([None, {"cost": 0.1}])),
                nanodollars=amount,
                cost_source="unknown" if amount is None else "computed",
                arithmetic=draw(st.sampled_from([None, lines])),
                held=draw(COUNTS),
            )
        )
    return tuple(made)


@st.composite
def wholes(draw: st.DrawFn) -> Whole:
    inside = draw(messages())
    return Whole(
        source=f"bytebot:{draw(st.integers(0, 2**60)):x}",
        title=" ".join(draw(TEXTS).split())[:200].strip(),
        title_by=draw(st.sampled_from(["words", "model", "person"])),
        tag=draw(st.sampled_from(["browser", "terminal", "script"])),
        pinned=draw(st.booleans()),
        created=draw(TIMES),
        updated=draw(TIMES),
        options=draw(options()),
        head=draw(st.integers(1, len(inside))) if inside else None,
        messages=inside,
        calls=draw(calls(len(inside))),
    )
