"""The small words of the pages: what stands under a reply, how long it thought, which day a conversation is of. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from chatbot.core.blocks import label
from chatbot.core.endings import how_it_ended
from chatbot.core.messages import CONTINUABLE, State
from chatbot.engine.view import Shown
from chatbot.store.values import Line, StoredMessage

UNKNOWN = "—"
NEW_ANSWER = "new answer"
NAME = 30  # characters of a conversation's name beside the chat; more would break into a second line
MARKED_NAME = 17
"""The same where a mark and its word stand beside it."""
OPEN_NAME = 24
"""The same of the open one, which is bold and has a menu beside it."""
_LONGEST_SENTENCE = 600
_TOO_SHORT = 0.05  # seconds of writing in which a speed means nothing


def sentence(text: str) -> str:
    """A sentence that may name what a server or a person wrote, safe to draw; longer than a label may be."""
    return label(text, _LONGEST_SENTENCE)


def lines_of(text: str) -> str:
    """Several lines for a tooltip, each made safe to draw."""
    return "\n\n".join(sentence(line) for line in text.split("\n\n"))


def cost(words: str) -> str:
    """The words of a cost, never broken into two lines."""
    return sentence(words).replace(" ", "\N{NO-BREAK SPACE}")


def seconds(value: float | None) -> str:
    """A duration as people say it.

    >>> seconds(0.64), seconds(12.3), seconds(75), seconds(0.03), seconds(None)
    ('0.6 s', '12 s', '1 min 15 s', '< 0.1 s', '—')
    """
    if value is None:
        return UNKNOWN
    if value < 0.05:
        return "< 0.1 s"
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def thought_for(value: float | None) -> str:
    """The label over folded reasoning.

    >>> thought_for(4.2), thought_for(0.3), thought_for(None)
    ('Thought for 4 s', 'Thought for a moment', 'Thought before it answered')
    """
    if value is None:
        return "Thought before it answered"
    return "Thought for a moment" if value < 1 else f"Thought for {seconds(round(value)).replace('.0', '')}"


def tokens(rows: Sequence[StoredMessage]) -> str:
    """What all segments of a reply wrote: "412 tokens", "≈ 412 tokens", "— tokens"."""
    used = [row.usage for row in rows if row.usage is not None]
    counts = [usage.output_tokens for usage in used if usage.output_tokens is not None]
    if not counts:
        return f"{UNKNOWN} tokens"
    about = "≈ " if any(usage.estimated for usage in used) or len(counts) < len(rows) else ""
    return f"{about}{sum(counts):,} token{'' if sum(counts) == 1 else 's'}"


def speed(row: StoredMessage) -> str:
    """Tokens per second between the first token and the last.

    Unknown where the reply broke off before the server counted: of a guess and of a silence no speed is made.
    """
    usage = row.usage
    if usage is None or not usage.output_tokens or row.duration is None or row.first_token is None:
        return UNKNOWN
    writing = row.duration - row.first_token
    guessed = usage.estimated and row.state not in ("complete", "length", "stopped")
    if writing < _TOO_SHORT or usage.output_tokens < 2 or guessed:
        return UNKNOWN
    rate = (usage.output_tokens - 1) / writing
    return f"{'≈ ' if usage.estimated else ''}{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def under(rows: Sequence[StoredMessage]) -> str:
    """The grey line under a reply; its model's name is as the server wrote it, so it still has to be made a label."""
    row = rows[-1]
    model = row.model_answered or row.model_asked or "no model"
    if row.state in ("failed", "blocked") and not any(part.text for part in rows):
        return model
    if row.first_token is None:
        return f"{model} · {tokens(rows)}"  # nobody took the time: it was cut with its process
    rate = speed(row)
    first = f"first token {seconds(row.first_token)}"  # said, or it would pass for the time that the reply took
    return f"{model} · {tokens(rows)} · {first}" + (f" · {rate} tok/s" if rate != UNKNOWN else "")


def explained(rows: Sequence[StoredMessage], zone: tzinfo) -> str:
    """The same at length, for who points at it."""
    row = rows[-1]
    sent = row.usage.input_tokens if row.usage else None
    about = "≈ " if row.usage and row.usage.estimated else ""
    lines = [
        f"Model asked: {row.model_asked or UNKNOWN}, answered: {row.model_answered or UNKNOWN}",
        f"Connection: {row.connection or UNKNOWN}",
        f"Sent: {about}{sent:,} tokens" if sent is not None else f"Sent: {UNKNOWN} tokens",
        f"First token after {seconds(row.first_token)}, whole call {seconds(row.duration)}",
        f"{row.created.astimezone(zone):%Y-%m-%d %H:%M}",
    ]
    if row.retries:
        lines.insert(-1, f"Tried again {row.retries} time{'' if row.retries == 1 else 's'}")
    return "\n\n".join(lines)


def ended(row: StoredMessage) -> str | None:
    """How the reply ended, as a sentence; None when it is whole."""
    limit = row.options.get("max_output")
    return how_it_ended(
        row.state,
        error=row.error,
        limit=limit if isinstance(limit, int) else None,
        usage=row.usage,
        goes_on=row.continues,
    )


def way_outs(shown: Shown) -> tuple[str, ...]:
    """What is offered beside the sentence, in order; words of `chatbot.ui.way_out`."""
    row = shown.row
    if row.state == "blocked" and row.way_out in ("raise_budget", "unpriced"):
        return ("raise_budget",) if row.way_out == "raise_budget" else ("unpriced", "model")
    found: list[str] = []
    if row.state == "failed" and row.continues:
        found.append("continue_again")
    elif row.state in CONTINUABLE and shown.text.strip():
        found.append("continue")
    if (
        row.state == "cut"
        or (row.state == "failed" and not row.continues)
        or (row.state in CONTINUABLE and not shown.text.strip())
    ):
        found.append("retry")
    if row.state in ("filtered", "refused", "blocked"):
        found.append("edit")
    if row.way_out in ("settings", "model", "edit", "raise_limit", "data_folder") and row.way_out not in found:
        found.append("settings" if row.way_out == "data_folder" else row.way_out)
    return tuple(found)


def by_day(lines: Iterable[Line], now: datetime) -> list[tuple[str, list[Line]]]:
    """Lines under their headings, in the order in which they come; days are those of `now`'s zone."""
    groups: list[tuple[str, list[Line]]] = []
    for line in lines:
        heading = "Pinned" if line.pinned else _day(line.updated.astimezone(now.tzinfo), now)
        if not groups or groups[-1][0] != heading:
            groups.append((heading, []))
        groups[-1][1].append(line)
    return groups


def news(ended: State | None) -> str:
    """The word beside a conversation whose reply ended unseen.

    >>> news("complete"), news("cut"), news("failed"), news("blocked")
    ('new answer', 'unfinished', 'failed', 'not sent')
    """
    if ended in ("length", "filtered", "tool_limit", "stopped", "cut"):
        return "unfinished"
    return {"failed": "failed", "blocked": "not sent"}.get(ended or "", NEW_ANSWER)


def told_apart(line: Line, zone: tzinfo) -> str:
    """A conversation's whole name and when it was last used, for who points at it: two may be called the same."""
    return f"{line.title}\n\nLast used {line.updated.astimezone(zone):%Y-%m-%d %H:%M}"


def _day(moment: datetime, now: datetime) -> str:
    ago = (now.date() - moment.date()).days
    if ago <= 0:
        return "Today"
    if ago == 1:
        return "Yesterday"
    return "Last 7 days" if ago < 7 else "Earlier"
