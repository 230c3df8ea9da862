"""How the fake server answers when nothing is wrong, and how strict servers refuse parameters."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice

from tests.fake_http import Exchange
from tests.fake_refusals import refuse_parameter
from tests.fake_sayings import busy, error, escaped, inside, reflects, spell, torn

Script = Callable[[Exchange], None]

TEXT = """\
## A short answer

The quick brown fox jumps over the lazy dog, and then it *rests* for a while. It costs $5 or $10.

- one item of a list
- another item, with `code` in it
- a third item

```python
def greet(name):
    return f"Hello, {name}!"
```

That is all there is to say about it, in one more paragraph of plain prose that ends here.

"""
TOKENS = tuple(re.findall(r"\s*\S+|\s+$", TEXT))


def tokens(count: int) -> Iterator[str]:
    """Deterministic Markdown, token by token, without end: a heading, prose, a list, a fence, over and over."""
    return islice(cycle(TOKENS), count)


def words_text(count: int) -> str:
    """What "words:count" says."""
    return "".join(tokens(count))


def echo(exchange: Exchange) -> None:
    pieces = re.findall(r"\s*\S+|\s+$", exchange.last_user) or [""]
    exchange.begin()
    exchange.text(*pieces)
    exchange.close_properly(len(pieces))


def words(exchange: Exchange) -> None:
    """words:COUNT@RATE; without a rate, or 0, as fast as the socket takes it."""
    count, rate = _count_and_rate(exchange.argument)
    exchange.begin()
    stream(exchange, count, rate)
    exchange.close_properly(count)


def stream(exchange: Exchange, count: int, rate: float) -> None:
    if not rate:
        # Every token is a chunk of its own, as servers frame them, but they share writes as a full socket makes them.
        batch: list[bytes] = []
        for token in tokens(count):
            event = exchange.text_event(token).encode()
            batch.append(b"%x\r\n%s\r\n" % (len(event), event))
            if len(batch) == 32:
                exchange.raw(b"".join(batch))
                batch.clear()
        return exchange.raw(b"".join(batch))
    began = time.monotonic()
    for number, token in enumerate(tokens(count), start=1):
        exchange.text(token)
        exchange.wait(began + number / rate - time.monotonic())
    return None


def clock(exchange: Exchange) -> None:
    """clock:COUNT@RATE; each token is the moment at which it leaves, in milliseconds, so that a page knows how late it is."""
    count, rate = _count_and_rate(exchange.argument)
    exchange.begin()
    began = time.monotonic()
    for number in range(1, count + 1):
        exchange.text(f"{time.time() * 1000:.0f}{' ' if number % 12 else chr(10) * 2}")
        exchange.wait(began + number / rate - time.monotonic() if rate else 0)
    exchange.close_properly(count)


def _count_and_rate(argument: str, count: int = 100) -> tuple[int, float]:
    number, _, rate = argument.partition("@")
    return int(number or count), float(rate or 0)


def silent(exchange: Exchange) -> None:
    exchange.head()
    exchange.wait(3600)


def mute(exchange: Exchange) -> None:
    exchange.wait(3600)


def slow_first(exchange: Exchange) -> None:
    """slow-first:SECONDS, counted from the headers to the first token."""
    exchange.begin()
    exchange.wait(float(exchange.argument or 2))
    stream(exchange, 40, 0)
    exchange.close_properly(40)


def reasoning(exchange: Exchange) -> None:
    """reasoning:FIELD; the field is reasoning_content (the default) or reasoning."""
    name = exchange.argument or "reasoning_content"
    exchange.begin()
    for word in ("Let", " me", " think", " about", " this."):
        exchange.event(exchange.choice(**{name: word}))
    exchange.text("The", " answer", " is", " forty-two.")
    exchange.close_properly(9, reasoning=5)


def length(exchange: Exchange) -> None:
    """length:COUNT@RATE tokens, then cut by the limit; asked to go on, it goes on from where it was."""
    count, rate = _count_and_rate(exchange.argument, 40)
    limit = (exchange.request.body or {}).get("max_tokens") or (exchange.request.body or {}).get(
        "max_completion_tokens"
    )
    count = min(count, int(limit)) if limit else count
    exchange.begin()
    stream(exchange, count, rate)
    exchange.close_properly(count, "length")


def refuses(exchange: Exchange) -> None:
    """refuses:PARAMETER@DIALECT: 400 while the request has it, then as echo."""
    if not refuse_parameter(exchange, exchange.argument):
        echo(exchange)


def context(exchange: Exchange) -> None:
    """context:WORDS: refuses messages of more words in all, answers others as echo."""
    words_sent = sum(len(str(message.get("content", "")).split()) for message in exchange.request.messages)
    most = int(exchange.argument or 50)
    if words_sent <= most:
        return echo(exchange)
    message = f"This model's maximum context length is {most} tokens. However, your messages resulted in {words_sent}."
    return exchange.error(400, message, code="context_length_exceeded", param="messages")


def refusal(exchange: Exchange) -> None:
    exchange.begin()
    for word in ("I", " cannot", " help", " with", " that."):
        exchange.event(exchange.choice(refusal=word))
    exchange.close_properly(5)


def strict(exchange: Exchange) -> None:
    """Answers as echo, if the messages are in an order that the strictest servers take."""
    wrong = wrong_order(exchange.request.messages)
    if wrong:
        return exchange.error(400, f"Invalid messages: {wrong}.", param="messages", code="invalid_value")
    return echo(exchange)


def wrong_order(messages: list[dict[str, object]]) -> str | None:
    """Why a strict server would refuse these messages; None when it would not."""
    if not messages:
        return "there are none"
    open_calls: set[object] = set()
    before = ""
    for place, message in enumerate(messages):
        role, content = message.get("role"), message.get("content")
        calls = message.get("tool_calls") or []
        if role == "system" and place:
            return f"system at place {place}"
        if role == "user" and before == "user":
            return f"two user messages in a row at place {place}"
        if role in ("user", "system") and not content:
            return f"an empty {role} message at place {place}"
        if role == "assistant" and not content and not calls:
            return f"an empty assistant message at place {place}"
        if role == "assistant" and before == "assistant":
            return f"two assistant messages in a row at place {place}"
        if role == "assistant" and before in ("", "system"):
            return "an assistant message before any user message"
        if role != "tool" and open_calls:
            return f"a tool call without its result before place {place}"
        if role == "tool" and message.get("tool_call_id") not in open_calls:
            return f"a tool result without its call at place {place}"
        if role == "tool":
            open_calls.discard(message.get("tool_call_id"))
        if isinstance(calls, list):
            open_calls |= {call.get("id") for call in calls}
        before = str(role)
    if open_calls:
        return "a tool call without its result at the end"
    return None if before in ("user", "tool") else f"the last message is of the {before}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A script and what it does, in words."""

    words: str
    play: Script


SCRIPTS: dict[str, Entry] = {
    "echo": Entry("streams the last user message back", echo),
    "words": Entry("words:COUNT@RATE: so many tokens of Markdown, so many a second (0: as fast as possible)", words),
    "clock": Entry("clock:COUNT@RATE: as words, but each token says when it left", clock),
    "told": Entry("plays the script that the last user message names", echo),
    "silent": Entry("headers, then nothing", silent),
    "mute": Entry("not even headers", mute),
    "slow-first": Entry("slow-first:SECONDS until the first token", slow_first),
    "reasoning": Entry("thinks before it answers; reasoning:FIELD names the field", reasoning),
    "length": Entry("length:COUNT@RATE: cut by the limit", length),
    "refusal": Entry("declines in refusal deltas", refusal),
    "refuses": Entry(
        "refuses:PARAMETER[,…][@vllm|ollama|plain|nested]: 400 while the request has it, then echo", refuses
    ),
    "context": Entry("context:WORDS: 400 when the messages hold more words, else echo", context),
    "spell": Entry("spell:RATE: the last user message letter by letter, so many a second", spell),
    "escaped": Entry("escaped:STRING: says what the JSON string is, whatever it holds", escaped),
    "error": Entry("error:STATUS: refuses in the words of the last user message", error),
    "error-inside": Entry("breaks off with an error in the words of the last user message", inside),
    "reflects": Entry("repeats the key in an error inside the stream; reflects:STATUS: instead of one", reflects),
    "torn": Entry("breaks in the middle; asked to go on, tells the rest", torn),
    "busy": Entry("busy:SECONDS: 429, and not before so long", busy),
    "strict": Entry("echo, but 400 when the messages are in a wrong order", strict),
}
