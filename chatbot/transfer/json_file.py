"""Our own JSON: everything that is kept, so that a chat can leave and come back whole. docs/formats.md says its fields."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, get_args

from chatbot.core.errors import BadInput, WayOut
from chatbot.core.events import Outcome, Purpose
from chatbot.core.messages import Role, State
from chatbot.core.pricing import MOST, CostSource, stored_cost
from chatbot.core.tag import COLOURS, LONGEST_TAG
from chatbot.core.text import repair
from chatbot.core.whole import GONE, Whole, WholeCall, WholeMessage, canonical, digest_of, fields_of, moment
from chatbot.transfer.checked import Checked, each
from chatbot.transfer.json_stream import elements
from chatbot.transfer.values import Copied

FORMAT = 1
LIST = "conversations"
_LONGEST_TITLE, _LONGEST_SOURCE = 200, 300
_MOST_SMALL = 2**31 - 1
_TITLE_BY = ("words", "model", "person")
_COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")


def to_json(wholes: Iterable[Whole], *, now: datetime) -> Iterator[bytes]:
    """The file in pieces, UTF-8, a message in a line. Each conversation carries the hash of what is in it."""
    yield f'{{"bytebot": {FORMAT}, "exported": "{moment(now)}", "{LIST}": ['.encode()
    for number, whole in enumerate(wholes):
        yield (",\n" if number else "\n").encode()
        yield from _conversation(whole)
    yield b"\n]}\n"


def _conversation(whole: Whole) -> Iterator[bytes]:
    head, messages, calls = fields_of(whole), list(map(canonical, whole.messages)), list(map(canonical, whole.calls))
    about = _dumped({**head, "sha256": digest_of(head, messages, calls)})
    yield f'{about[:-1]}, "messages": ['.encode()
    yield from _lines(messages)
    yield b'], "calls": ['
    yield from _lines(calls)
    yield b"]}"


def _lines(parts: Iterable[str]) -> Iterator[bytes]:
    for number, line in enumerate(parts, start=1):
        # What was made for the hash is written, too: making it again takes as long as all the rest.
        plain = _dumped(json.loads(line)) if "\\u" in line else line
        yield ((",\n" if number > 1 else "\n") + plain).encode()


_dumped = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def read_json(file: BinaryIO, name: str) -> Iterator[Copied]:
    """Its conversations, one at a time; BadInput names the place of what cannot be.

    A hash that does not fit is no error, since the file may have been changed on purpose; `Copied.intact` says it.
    """
    version: object = None
    number = 0
    for key, value in elements(file, name, LIST):
        if key == "bytebot":
            version = value
            if isinstance(version, int) and version > FORMAT:
                raise BadInput(
                    f"{name} was written by a newer ByteBot (format {version}, this one knows {FORMAT}). Update ByteBot."
                )
        elif key == LIST:
            if version != FORMAT or isinstance(version, bool):
                raise BadInput(f'{name} does not begin with "bytebot": {FORMAT}, so it is no export of ByteBot\'s.')
            number += 1
            yield _copied(Checked(value, f"{name}, conversation {number}"))
    if version is None:
        raise BadInput(f'{name} does not begin with "bytebot": {FORMAT}, so it is no export of ByteBot\'s.')


def _copied(about: Checked) -> Copied:
    source = about.text("source")
    if not source or len(source) > _LONGEST_SOURCE or ":" not in source:
        raise about.bad("source", 'should name where it began, such as "bytebot:4f2a"')
    messages = list(each(about.list("messages"), about.place, "message"))
    calls = each(about.list("calls"), about.place, "call")
    roles: list[str] = []
    read = tuple(_message(one, roles) for one in messages)
    whole = Whole(
        source=source,
        title=" ".join(about.text("title").split())[:_LONGEST_TITLE].strip(),
        title_by=about.one_of("title_by", _TITLE_BY, "words"),
        tag=about.text("tag")[:40],
        tags=_tags(about),
        pinned=about.yes("pinned"),
        archived=about.moment_or_none("archived"),
        created=about.moment("created"),
        updated=about.moment("updated"),
        options=_options(about),
        head=about.whole("head", least=1, most=len(read)),
        messages=read,
        calls=tuple(_call(one, len(read)) for one in calls),
    )
    return Copied(whole=whole, checksum=about.text_or_none("sha256"))


def _tags(about: Checked) -> tuple[tuple[str, str], ...]:
    found: dict[str, tuple[str, str]] = {}
    for pair in about.list("tags"):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
            raise about.bad("tags", 'should be a list of names with their colours, such as [["work", "blue"]]')
        name, colour = " ".join(repair(pair[0]).split())[:LONGEST_TAG].strip(), pair[1]
        if not name or colour not in COLOURS:
            raise about.bad("tags", f"should be names, with one of the colours {', '.join(COLOURS)}")
        found.setdefault(name.casefold(), (name, colour))
    return tuple(found.values())


def _message(about: Checked, roles: list[str]) -> WholeMessage:
    """`roles` of the messages above it, to which it adds its own."""
    parent = about.whole("parent", least=1, most=_MOST_SMALL)
    if parent is not None and parent > len(roles):
        raise about.bad("parent", "does not stand above it")
    role = about.one_of("role", get_args(Role))
    continues = about.yes("continues")
    if continues and (role != "assistant" or parent is None or roles[parent - 1] != "assistant"):
        raise about.bad("continues", "can only be said of a reply below a reply")
    sent = about.list("sent")
    if not all(one is None or (type(one) is int and GONE <= one <= _MOST_SMALL) for one in sent):
        raise about.bad("sent", "should be a list of message numbers")
    roles.append(role)
    return WholeMessage(
        parent=parent,
        role=role,
        state=about.one_of("state", get_args(State)),
        continues=continues,
        created=about.moment("created"),
        finished=about.moment_or_none("finished"),
        text=about.text("text"),
        reasoning=about.text("reasoning"),
        connection=about.text_or_none("connection"),
        model_asked=about.text_or_none("model_asked"),
        model_answered=about.text_or_none("model_answered"),
        finish_reason=about.text_or_none("finish_reason"),
        first_token=about.number("first_token"),
        duration=about.number("duration"),
        thinking=about.number("thinking"),
        retries=about.whole("retries", 0, most=_MOST_SMALL) or 0,
        left_out=about.whole("left_out", 0, most=_MOST_SMALL) or 0,
        starred=about.yes("starred"),
        error=about.text_or_none("error"),
        error_kind=about.text_or_none("error_kind"),
        way_out=about.one_of("way_out", get_args(WayOut)) if about.raw("way_out") is not None else None,
        notes=about.texts("notes"),
        usage=_usage(about),
        options=_options(about),
        # Only what stands above it can have been sent.
        sent=tuple(one if one is None or one < len(roles) else GONE for one in sent),
    )


def _usage(about: Checked) -> Any:
    usage = about.object_or_none("usage")
    if usage is not None:
        inside = Checked(usage, f"{about.place}, usage")
        for name in _COUNTS:
            inside.whole(name)
        inside.yes("estimated")
        inside.object_or_none("raw")
    return usage


def _options(about: Checked) -> Any:
    """Fields of other versions are kept; those of this one must be what they say."""
    options = about.object_or_none("options")
    if options is None:
        return {}
    inside = Checked(options, f"{about.place}, options")
    for name in ("connection", "model", "system"):
        inside.text(name)
    inside.text_or_none("effort")
    inside.number("temperature")
    inside.whole("max_output", least=1)
    inside.yes("allow_unpriced")
    return options


def _call(about: Checked, messages: int) -> WholeCall:
    amount = about.whole("nanodollars", most=MOST)
    source = about.one_of("cost_source", get_args(CostSource), "unknown")
    if (amount is None) != (source == "unknown"):
        raise about.bad("nanodollars", f"does not go with a cost that is {source!r}")
    arithmetic = about.object_or_none("arithmetic")
    try:
        cost = stored_cost(amount, source, arithmetic)
        sound = all(type(line.tokens) is int and line.rate.is_finite() for line in cost.lines)
        sound = sound and all(isinstance(one, str) for one in (cost.origin, cost.model, cost.tier or "", cost.why))
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        sound = False
    if not sound:
        raise about.bad("arithmetic", "does not add up to a cost")
    return WholeCall(
        reply=about.whole("reply", most=messages),
        purpose=about.one_of("purpose", get_args(Purpose)),
        connection=about.text("connection"),
        base_url=about.text("base_url"),
        model_asked=about.text("model_asked"),
        model_answered=about.text_or_none("model_answered"),
        outcome=about.one_of("outcome", get_args(Outcome)),
        started=about.moment("started"),
        finished=about.moment("finished"),
        status=about.whole("status", most=_MOST_SMALL),
        error=about.text_or_none("error"),
        first_token=about.number("first_token"),
        duration=about.number("duration"),
        input_estimate=about.whole("input_estimate", 0) or 0,
        **{name: about.whole(name) for name in _COUNTS},
        estimated=about.yes("estimated"),
        usage=about.object_or_none("usage"),
        nanodollars=amount,
        cost_source=source,
        service_tier=about.text_or_none("service_tier"),
        arithmetic=arithmetic,
        held=about.whole("held"),
        instead_of=about.text_or_none("instead_of"),
        instead_nanodollars=about.whole("instead_nanodollars"),
        left_out_tokens=about.whole("left_out_tokens"),
    )
