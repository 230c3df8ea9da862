"""What the next message would send and cost: before it is sent, and near what it then is."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from statistics import median

import pytest
import tiktoken

from chatbot.core.events import Finished
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost
from chatbot.core.routing import Rule
from chatbot.core.settings import Options
from chatbot.core.tokens import rough
from chatbot.engine.actions import Say
from chatbot.engine.ahead import Forecast
from chatbot.engine.engine import Engine
from chatbot.providers.provider import Request
from chatbot.providers.tokenizer import _load
from chatbot.store.store import Store
from tests.engine.test_reserve import price
from tests.scripted import Gate, Script, Scripted, text
from tests.store.scene import call

OPTIONS = Options(connection="c", model="m", system="Be kind and brief.", max_output=500)
PROSE = (
    "The keeper climbed the ninety-one steps before dawn and wiped the salt from the glass.",
    "Der Leuchtturmwärter stieg vor Tagesanbruch die einundneunzig Stufen hinauf und wischte das Salz vom Glas.",
    "def greet(name: str) -> str:\n    return f'Hello, {name}!'  # as politely as can be\n",
    "早晨醒来，灯塔看守人爬上九十一级台阶，擦去玻璃上的盐。",
    '{"step": 91, "light": true, "keeper": {"name": "Ada", "since": "1843-10-02"}}',
)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.temporary()
    yield store
    store.close()


def next_of(engine: Engine, conversation: str | None, head: int | None, options: Options = OPTIONS) -> Forecast:
    found = engine.ahead.next(conversation, head, options)
    assert found is not None
    return found


def served(encoding: tiktoken.Encoding) -> Callable[[Request], Script]:
    """A server with a vocabulary of its own, whose models may think before they speak, and which counts as OpenAI does."""
    dice = random.Random(7)

    @cache  # a chat is counted whole at each of its turns
    def count(words: str) -> int:
        return len(encoding.encode(words, disallowed_special=()))

    def answer(request: Request) -> Script:
        said = " ".join(dice.choices(PROSE, k=dice.randint(1, 3)))
        thought = dice.randint(0, 400)
        spent = sum(3 + count(message["content"] or "") + 1 for message in request.messages) + 3
        return text(
            said, usage=Usage(input_tokens=spent, output_tokens=count(said) + thought, reasoning_tokens=thought)
        )

    return answer


@pytest.mark.timeout(400)  # two hundred whole turns
@pytest.mark.parametrize("most_sent", [10**6, 3_000])
def test_the_next_input_is_within_two_per_cent_over_two_hundred_turns(
    store: Store, tmp_path: Path, most_sent: int
) -> None:
    """Also with another vocabulary than ours, with hidden reasoning, and where older messages are left out."""
    provider = Scripted(served(_load("cl100k_base", tmp_path)), context=10**6)
    engine = Engine(store, provider.outside(price=price, most_sent=lambda: most_sent))
    dice, errors, exact = random.Random(11), [], 0
    conversation: str | None = None
    head: int | None = None
    for _ in range(200):
        words = " ".join(dice.choices(PROSE, k=dice.randint(1, 2)))
        ahead = next_of(engine, conversation, head)
        exact += ahead.exact
        turn = engine.start(conversation, Say(words, head), options=OPTIONS)
        turn.wait(20)
        assert isinstance(turn.ending, Finished)
        conversation, head = turn.conversation, turn.reply
        [call] = store.ledger.calls(reply=turn.reply)
        assert call.usage is not None
        assert call.usage.input_tokens is not None
        errors.append(abs(ahead.input_tokens + rough(words) + 4 - call.usage.input_tokens) / call.usage.input_tokens)
    engine.close()
    assert median(errors) <= 0.02, f"{median(errors):.2%}"
    assert exact >= 190 if most_sent > 10**5 else exact < 50


def test_the_range_is_of_the_replies_that_there_were(store: Store) -> None:
    lengths = iter([10, 20, 30, 40, 400])

    def answer(request: Request) -> Script:
        return text("Hello.", usage=Usage(input_tokens=100, output_tokens=next(lengths)))

    engine = Engine(store, Scripted(answer).outside(price=price))
    before = next_of(engine, None, None)
    assert (before.outputs.known, before.outputs.high, before.exact) == (False, 500, False)
    conversation, head = None, None
    for _ in range(5):
        turn = engine.start(conversation, Say("Hi", head), options=OPTIONS)
        turn.wait(5)
        conversation, head = turn.conversation, turn.reply
    after = next_of(engine, conversation, head)
    assert (after.outputs.low, after.outputs.high, after.outputs.known) == (30, 400, True)
    assert after.exact
    assert after.input_tokens == 100 + 400 + 4
    assert (after.least.nanodollars, after.most.nanodollars) == (504 + 300, 504 + 4000)
    # The longest reply that is set bounds the range; another chat with the model knows it by these.
    short = next_of(engine, None, None, replace(OPTIONS, max_output=50))
    assert (short.outputs.low, short.outputs.high, short.outputs.known) == (30, 50, True)
    engine.close()


def test_what_a_rule_may_send_elsewhere_has_a_price_of_its_own(store: Store) -> None:
    rules = [Rule(to="cheap", at_most=20), Rule(to="m"), Rule(to="unknown", words=("hm",)), Rule(to="x", model="other")]
    engine = Engine(store, Scripted(text("Hi")).outside(price=price, rules=lambda: rules))
    told = next_of(engine, None, None)
    cheap, unknown = told.by_rule
    assert (cheap.model, unknown.model, unknown.least.nanodollars) == ("cheap", "unknown", None)
    for theirs, own in ((cheap.least, told.least), (cheap.most, told.most)):
        assert theirs.nanodollars is not None
        assert own.nanodollars is not None
        assert abs(theirs.nanodollars * 10 - own.nanodollars) < 10
    assert [one.model for one in next_of(engine, None, None, replace(OPTIONS, model="other")).by_rule] == [
        *("cheap", "m", "unknown", "x"),
    ]


def test_another_model_or_prompt_is_no_longer_exact(store: Store) -> None:
    engine = Engine(store, Scripted(text("Hello.")).outside(price=price))
    turn = engine.start(None, Say("Hi"), options=OPTIONS)
    turn.wait(5)
    assert next_of(engine, turn.conversation, turn.reply).exact
    for changed in (replace(OPTIONS, system="Another."), replace(OPTIONS, model="other")):
        assert not next_of(engine, turn.conversation, turn.reply, changed).exact
    engine.close()


def test_a_reply_that_is_written_has_a_running_price(store: Store) -> None:

    gate = Gate()
    engine = Engine(store, Scripted([gate, *text("Hello.")]).outside(price=price))
    turn = engine.start(None, Say("Hi"), options=OPTIONS)
    assert gate.reached.wait(5)
    meter = engine.ahead.meter(turn.reply)
    assert meter is not None
    first, later = meter(0).nanodollars, meter(10).nanodollars
    assert first is not None
    assert later == first + 100
    gate.opened.set()
    turn.wait(5)
    assert engine.ahead.meter(turn.reply) is None
    assert engine.ahead.next(None, None, replace(OPTIONS, model="local")) is None
    engine.close()


def cached_price(base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime) -> Cost:
    """Ten for a token in, one for a cached one."""
    cached = usage.cached_tokens or 0
    return Cost(nanodollars=10 * ((usage.input_tokens or 0) - cached) + cached, source="computed")


def test_what_a_change_takes_out_of_the_cache_has_a_price(store: Store) -> None:
    long = "word " * 400  # 400 tokens for the server and for us, all but a few of them cached in the second turn
    usages = iter(
        [Usage(input_tokens=420, output_tokens=5), Usage(input_tokens=440, output_tokens=5, cached_tokens=425)]
    )
    engine = Engine(store, Scripted(lambda request: text("Hello.", usage=next(usages))).outside(price=cached_price))
    first = engine.start(None, Say(long), options=OPTIONS)
    first.wait(5)
    assert engine.ahead.uncached(first.conversation, first.reply, OPTIONS, edited=1) is None
    second = engine.start(first.conversation, Say("And?", first.reply), options=OPTIONS)
    second.wait(5)
    view = engine.view(first.conversation)
    question, later = view.shown[0].id, view.shown[2].id
    lost = engine.ahead.uncached(first.conversation, second.reply, OPTIONS, edited=question)
    assert lost is not None
    assert 390 <= lost.tokens <= 425
    assert lost.nanodollars == 9 * lost.tokens
    # What stands behind the cached beginning loses nothing; the same prompt neither, another one everything.
    assert engine.ahead.uncached(first.conversation, second.reply, OPTIONS, edited=later) is None
    assert engine.ahead.uncached(first.conversation, second.reply, OPTIONS) is None
    other = engine.ahead.uncached(first.conversation, second.reply, replace(OPTIONS, system="Be curt."))
    assert other is not None
    assert (other.tokens, other.nanodollars) == (425, 9 * 425)
    engine.close()


def test_a_temporary_chats_meter_is_its_own_and_no_strangers(store: Store) -> None:
    words, gate = Store.temporary(), Gate()
    engine = Engine(words, Scripted([gate, *text("Hello.")]).outside(price=price), bills=store)
    turn = engine.start(None, Say("Hi"), options=OPTIONS)
    assert gate.reached.wait(5)
    # The same number is another reply in the history, where one with a dearer request is being written.
    call(store, None, reply=turn.reply, input_estimate=10**9)
    meter = engine.ahead.meter(turn.reply)
    assert meter is not None
    first, later = meter(0).nanodollars, meter(10).nanodollars
    assert first is not None
    assert first < 10**6
    assert later == first + 100
    gate.opened.set()
    turn.wait(5)
    assert engine.ahead.meter(turn.reply) is None
    engine.close()
    words.close()
