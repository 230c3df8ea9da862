"""The loop of one turn, over a provider that plays scripts."""

from dataclasses import replace

import pytest

from chatbot.core.errors import Broken, Busy, ContextTooLong, KeyRefused, NoAnswer, ParameterRefused
from chatbot.core.events import (
    CallFinished,
    CallStarted,
    Event,
    Failed,
    Finished,
    Folded,
    ReasoningDelta,
    Retrying,
    TextDelta,
    check_grammar,
)
from chatbot.core.messages import said
from chatbot.core.settings import Options
from chatbot.core.window import Fitted, Item, build
from chatbot.engine.converse import Plan, converse
from chatbot.providers.provider import Cancel, End, ReasoningChunk, RefusalChunk, TextChunk
from tests.scripted import Gate, Scripted, text

PATH = [Item(ref=1, message=said("user", "Hello"), state="complete")]


def plan(path: list[Item] = PATH, *, part: str = "", budget: int = 1000) -> Plan:
    def fit(smaller: int | None) -> Fitted:
        return build(path, system="Be kind.", budget=smaller or budget, count=lambda t: len(t) // 4, go_on=bool(part))

    return Plan(connection="c", options=Options(connection="c", model="m"), fit=fit, part=part)


def run(provider: Scripted, cancel: Cancel | None = None, **how: object) -> list[Event]:
    events = list(converse(plan(**how), lambda: provider, cancel or Cancel()))  # type: ignore[arg-type]
    check_grammar(events)
    return events


def words(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_a_whole_reply() -> None:
    events = run(provider := Scripted(text("Hello", " you")))
    assert words(events) == "Hello you"
    assert events[-1] == Finished(state="complete")
    assert provider.requests[0].messages[0] == {"role": "system", "content": "Be kind."}
    started = next(event for event in events if isinstance(event, CallStarted))
    assert started.sent == (None, 1)


@pytest.mark.parametrize(
    ("script", "ending"),
    [
        (text("a", finish="length"), Finished(state="length")),
        (text("a", finish="content_filter"), Finished(state="filtered")),
        ([RefusalChunk("No."), End(finish_reason="stop")], Finished(state="refused")),
        (text("a", finish="banana"), Finished(state="complete", note="The server ended it with 'banana'.")),
    ],
)
def test_how_a_reply_ends(script: list, ending: Finished) -> None:
    assert run(Scripted(script))[-1] == ending


def test_nothing_said_is_no_reply() -> None:
    ending = run(Scripted([End(finish_reason="stop")]))[-1]
    assert isinstance(ending, Failed)
    assert ending.sentence == "The model sent an empty reply."


def test_a_limit_used_up_by_thinking_says_so() -> None:
    ending = run(Scripted([ReasoningChunk("Hm"), End(finish_reason="length")]))[-1]
    assert isinstance(ending, Failed)
    assert (ending.state, ending.way_out) == ("failed", "raise_limit")
    assert "4,096" in ending.sentence


def test_a_busy_server_is_tried_again_and_heals() -> None:
    provider = Scripted([Busy("The server is busy.", status=503, retry_after=0.0)], text("Hi"))
    events = run(provider)
    assert words(events) == "Hi"
    assert [type(event) for event in events if isinstance(event, Retrying | CallFinished)] == [
        CallFinished,
        Retrying,
        CallFinished,
    ]


def test_attempts_are_bounded() -> None:
    provider = Scripted([Busy("The server is busy.", status=503, retry_after=0.0)])
    events = run(provider)
    assert len(provider.requests) == 4
    assert isinstance(events[-1], Failed)


@pytest.mark.parametrize("error", [KeyRefused("No."), NoAnswer("Silence."), Broken("It broke.")])
def test_what_must_not_be_tried_again_is_not(error: Exception) -> None:
    provider = Scripted([error])
    events = run(provider)
    assert len(provider.requests) == 1
    assert isinstance(events[-1], Failed)
    assert events[-1].state == "failed"


def test_nothing_is_tried_again_after_the_first_delta() -> None:
    provider = Scripted([TextChunk("Half"), Busy("The server is busy.", retry_after=0.0)], text("never"))
    events = run(provider)
    assert len(provider.requests) == 1
    assert words(events) == "Half"
    assert isinstance(events[-1], Failed)
    assert events[-1].state == "cut"


def test_thinking_counts_as_a_delta() -> None:
    provider = Scripted([ReasoningChunk("Hm"), Busy("The server is busy.", retry_after=0.0)], text("never"))
    events = run(provider)
    assert len(provider.requests) == 1
    assert any(isinstance(event, ReasoningDelta) for event in events)


def test_a_refused_parameter_is_told_and_tried_without() -> None:
    refused = ParameterRefused("m does not take temperature; it was left out.", parameter="temperature")
    events = run(Scripted([refused], text("Hi")))
    retrying = next(event for event in events if isinstance(event, Retrying))
    assert (retrying.delay, retrying.reason) == (0.0, refused.sentence)
    assert words(events) == "Hi"


def test_parameters_without_end_are_no_loop() -> None:
    provider = Scripted([ParameterRefused("No x.", parameter="x")])
    assert isinstance(run(provider)[-1], Failed)
    assert len(provider.requests) < 10


def test_too_long_is_fitted_once_more() -> None:
    path = [
        Item(ref=at, message=said("user" if at % 2 else "assistant", "x" * 400), state="complete")
        for at in range(1, 10)
    ]
    provider = Scripted([ContextTooLong("Too long.")], text("Hi"))
    events = run(provider, path=path)
    folded = next(event for event in events if isinstance(event, Folded))
    assert folded.left_out > 0
    assert len(provider.requests[1].messages) < len(provider.requests[0].messages)
    provider = Scripted([ContextTooLong("Too long.")])
    assert isinstance(run(provider, path=path)[-1], Failed)
    assert len(provider.requests) == 2


@pytest.mark.parametrize("most", [0, 150])
def test_what_is_not_sent_says_whose_limit_it_was(most: int) -> None:
    path = [
        Item(ref=at, message=said("user" if at % 2 else "assistant", "x" * 400), state="complete") for at in range(1, 4)
    ]

    def told(path: list[Item], budget: int) -> list[str]:
        events = list(converse(replace(plan(path, budget=budget), most=most), lambda: Scripted(text("Hi")), Cancel()))
        check_grammar(events)
        return [event.words for event in events if isinstance(event, Folded)]

    assert told(path, 1000) == []
    [older] = told(path, 150)
    assert older.startswith("2 older messages were not sent. ")
    assert ("At most 150 tokens are sent at once, by the settings." in older) == bool(most)
    [alone] = told([Item(ref=1, message=said("user", "x" * 4000), state="complete")], 150)
    assert "more than the 150 that" in alone
    assert ("by the settings" in alone) == bool(most)
    assert alone.endswith("it was sent whole.")


def test_stopped_before_anything_is_sent() -> None:
    cancel = Cancel()
    cancel.set()
    events = run(provider := Scripted(text("Hi")), cancel)
    assert events[-1] == Finished(state="stopped")
    assert not provider.requests


def test_stopped_while_waiting_to_try_again() -> None:
    cancel = Cancel()
    provider = Scripted([Busy("The server is busy.", retry_after=15.0)])
    events = []
    for event in converse(plan(), lambda: provider, cancel):
        events.append(event)
        if isinstance(event, Retrying):
            cancel.set()
    check_grammar(events)
    assert events[-1] == Finished(state="stopped")


def test_stopped_in_the_middle_keeps_the_part() -> None:
    cancel = Cancel()
    events = []
    for event in converse(plan(), lambda: Scripted([TextChunk("Half"), Gate(), TextChunk("never")]), cancel):
        events.append(event)
        if isinstance(event, TextDelta):
            cancel.set()
    check_grammar(events)
    assert words(events) == "Half"
    assert events[-1] == Finished(state="stopped")


def test_a_continuation_drops_what_it_repeats() -> None:
    path = [*PATH, Item(ref=2, message=said("assistant", "The capital of France is"), state="cut")]
    provider = Scripted(text("of France", " is Paris", "."))
    events = run(provider, path=path, part="The capital of France is")
    assert words(events) == " Paris."
    assert [message["role"] for message in provider.requests[0].messages] == ["system", "user", "assistant", "user"]


def test_a_bug_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(converse(plan(), lambda: Scripted([ZeroDivisionError()]), Cancel()))
