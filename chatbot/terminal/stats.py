"""The command `chatbot stats`: how the conversations go over time, as the History page shows it."""

import json
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from chatbot.terminal.screen import one_line
from chatbot.terminal.streams import say

if TYPE_CHECKING:
    from chatbot.engine.patterns import ModelPattern, Pattern

_FEW = 10
_BAR = 30  # characters of the longest


def add_to(commands: "object") -> None:
    """Its place on the command line; `commands` are argparse's subparsers."""
    parser: ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        "stats",
        help="show how the conversations go",
        description="Messages by day and hour, lengths, models and how quickly they answer, prompts, and how replies ended; "
        "as the History page shows it. Days are this machine's.",
    )
    parser.add_argument("--since", metavar="DAY", help="from this day on, such as 2026-11-01")
    parser.add_argument("--until", metavar="DAY", help="to this day, that day too")
    parser.add_argument("--json", action="store_true", help="for programs")


def stats(arguments: Namespace) -> int:
    """Print them."""
    from datetime import timedelta

    from chatbot.engine.patterns import patterns
    from chatbot.terminal.cost import read_day
    from chatbot.terminal.find import opened_store

    since = read_day(arguments.since) if arguments.since else None
    until = read_day(arguments.until) + timedelta(days=1) if arguments.until else None
    with opened_store() as store:
        found = patterns(store, None, since, until)
        ever = found.messages or ((since or until) and patterns(store, None).messages)
    if arguments.json:
        sys.stdout.write(json.dumps(fields(found), ensure_ascii=False, indent=2) + "\n")
    elif not found.messages:
        say("Nothing was said in this time." if ever else "Nothing was said yet.")
    else:
        sys.stdout.write(_text(found))
    return 0


def fields(found: "Pattern") -> dict[str, object]:
    """All of it, as JSON takes it."""
    return {
        "conversations": found.conversations,
        "messages": found.messages,
        "by_day": {f"{day:%Y-%m-%d}": {"you": you, "bytebot": bot} for day, (you, bot) in found.by_day.items()},
        "by_weekday_and_hour": [list(day) for day in found.by_hour],
        "lengths": {name: {"you": you, "bytebot": bot} for name, (you, bot) in found.lengths.items()},
        "conversation_lengths": found.chats,
        "endings": found.endings,
        "models": [
            {
                "model": one.model,
                "replies": one.replies,
                "first_token_median_s": one.median,
                "first_token_p90_s": one.p90,
                "tokens_per_s": one.speed,
            }
            for one in found.models
        ],
        "prompts": found.prompts,
    }


def _text(found: "Pattern") -> str:
    from chatbot.terminal.export import counted

    hours = {f"{hour:02d}": sum(day[hour] for day in found.by_hour) for hour in range(24)}
    parts = [
        f"{counted(found.conversations, 'conversation')}, {counted(found.messages, 'message')}\n",
        _bars("By day", {f"{day:%Y-%m-%d}": sum(pair) for day, pair in list(found.by_day.items())[-14:]}),
        _bars("By hour", {hour: count for hour, count in hours.items() if count}),
        _bars("Characters of a message", {name: sum(pair) for name, pair in found.lengths.items()}),
        _bars("Messages of a conversation", found.chats),
        _bars("How replies ended", found.endings),
        "Models\n" + "".join(
            f"  {one_line(one.model, 40):<40}  {one.replies:>7,}  {_pace(one)}".rstrip() + "\n"
            for one in found.models[:_FEW]
        ),
        _bars("System prompts", dict(list(found.prompts.items())[:_FEW])),
    ]  # fmt: skip
    return "\n".join(parts)


def _bars(title: str, counts: "dict[str, int]") -> str:
    if not counts:
        return f"{title}\n  none\n"
    most = max(counts.values()) or 1
    width = min(50, max(len(name) for name in counts))
    return f"{title}\n" + "".join(
        f"  {one_line(name, 50):<{width}}  {count:>7,}  {'█' * round(_BAR * count / most)}\n"
        for name, count in counts.items()
    )


def _pace(one: "ModelPattern") -> str:
    """How quickly it answers, as far as anybody measured."""
    words = []
    if one.median is not None and one.p90 is not None:
        words.append(f"first token {one.median:.1f} s, 9 of 10 in {one.p90:.1f} s")
    if one.speed is not None:
        words.append(f"{one.speed:,.0f} tok/s")
    return ", ".join(words)
