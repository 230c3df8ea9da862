"""What OpenAI itself says it billed and counted, asked for with an organisation's admin key."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from chatbot.core.billed import USUAL_TIERS, Billed, line_item
from chatbot.core.errors import (
    BadInput,
    Broken,
    Forbidden,
    KeyRefused,
    NoAnswer,
    NotAStream,
    ProviderError,
    RequestRefused,
)
from chatbot.core.settings import Connection, Secret, Timeouts
from chatbot.providers.answer import failures
from chatbot.providers.client import opened
from chatbot.providers.provider import Cancel
from chatbot.providers.refusals import Asked, refusal

PATIENCE = Timeouts(connect=10.0, first=30.0, bytes=30.0, deltas=30.0, total=60.0)
LONGEST = 120.0  # seconds for all pages together
MOST_DAYS = 366
MOST_PAGES = 60
MOST_BYTES = 16 << 20  # of one page
_PER_PAGE = 31  # days; usage gives no more
_MOST = 10**18


def costs(name: str, base_url: str, key: Secret, first: date, last: date, cancel: Cancel) -> Iterator[Billed]:
    """Money by line item, then tokens by model, for every day from the first to the last in UTC.

    `name`: the connection's, for sentences. ProviderError when OpenAI refuses or says something else. The key is kept
    nowhere and shown in no error.
    """
    if first > last:
        raise BadInput(f"The first day, {first}, is after the last, {last}.")
    if (last - first).days >= MOST_DAYS:
        raise BadInput(f"From {first} to {last} are more than {MOST_DAYS} days. Ask for them in parts.")
    asked = Asked(name=name, base_url=base_url.strip().rstrip("/"), key=True, secrets=(key.reveal(),))
    until = time.monotonic() + LONGEST
    span = {
        "start_time": int(datetime.combine(first, clock(), UTC).timestamp()),
        "end_time": int(datetime.combine(last, clock(), UTC).timestamp()) + 86_400,
        "bucket_width": "1d",
        "limit": _PER_PAGE,
    }
    for method, groups, read in (
        ("costs", ["line_item"], _cost),
        ("completions", ["model", "batch", "service_tier"], _usage),
    ):
        for bucket in _buckets(asked, key, method, {**span, "group_by": groups}, until, cancel):
            yield from _lines(bucket, read, first, last)


def _buckets(
    asked: Asked, key: Secret, method: str, query: Mapping[str, Any], until: float, cancel: Cancel
) -> Iterator[Mapping[str, Any]]:
    """The days of all pages."""
    page: str | None = None
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        if time.monotonic() > until:
            raise NoAnswer(f"{asked.name!r} was not done with its bill after {LONGEST:.0f} s. Ask for fewer days.")
        answer = _page(asked, key, method, {**query, **({"page": page} if page else {})}, cancel)
        yield from answer["data"]
        page = answer.get("next_page")
        if not answer.get("has_more") or page is None:
            return
        if not isinstance(page, str) or page in seen:
            raise _strange()
        seen.add(page)
    raise NotAStream(f"{asked.name!r} sent more than {MOST_PAGES} pages of its bill. Ask for fewer days.")


def _page(asked: Asked, key: Secret, method: str, query: Mapping[str, Any], cancel: Cancel) -> dict[str, Any]:
    def refuse(status: int, headers: Mapping[str, str], words: bytes) -> ProviderError:
        return _refusal(status, headers, words, asked)

    # None of the connection's own headers: one of them could be another key.
    connection = Connection(name=asked.name, base_url=asked.base_url)
    body = bytearray()
    with opened(connection, key, PATIENCE, cancel, asked, refuse) as (client, line):
        ask = getattr(client.admin.organization.usage.with_streaming_response, method)
        with ask(**query) as answer:
            try:
                for block in answer.iter_bytes():
                    body += block
                    if len(body) > MOST_BYTES:
                        raise _strange()
            except ProviderError:
                raise
            except failures():
                raise Broken("The connection broke before the bill was whole.") from None
            line.whole = True
    try:
        found = json.loads(bytes(body), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise _strange() from None
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, list) or not all(isinstance(bucket, dict) for bucket in data):
        raise _strange()
    return dict(found)


def _refusal(status: int, headers: Mapping[str, str], words: bytes, asked: Asked) -> ProviderError:
    error: ProviderError
    if status == 401:
        error = KeyRefused("The admin key was not accepted. An ordinary key does not do; make an admin key at OpenAI.")
    elif status == 403:
        error = Forbidden("This key may not read the bill. It must be an admin key that may read usage.")
    elif status == 404:
        error = RequestRefused(f"{asked.name!r} has no bill to ask for (status 404). Drop its cost export instead.")
    else:
        return refusal(status, headers, words, asked)
    error.status = status
    return error


def _lines(
    bucket: Mapping[str, Any],
    read: Callable[[date, Mapping[str, Any]], Billed | None],
    first: date,
    last: date,
) -> Iterator[Billed]:
    try:
        day = datetime.fromtimestamp(_count(bucket, "start_time") or 0, UTC).date()
    except (ValueError, OverflowError, OSError):
        raise _strange() from None
    results = bucket.get("results")
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise _strange()
    if not first - timedelta(days=1) <= day <= last + timedelta(days=1):
        raise _strange()
    for one in results:
        line = read(day, one)
        if line is not None:
            yield line


def _cost(day: date, result: Mapping[str, Any]) -> Billed | None:
    amount = result.get("amount")
    if amount is None:
        return None
    value, currency = (amount.get("value"), amount.get("currency")) if isinstance(amount, dict) else (None, None)
    try:
        exact = (
            Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else Decimal("nan")
        )
    except ArithmeticError:
        raise _strange() from None
    if not isinstance(currency, str | None) or not exact.is_finite() or abs(exact) > _MOST // 10**9:
        raise _strange()
    item = result.get("line_item") or ""
    model, tier = line_item(item) if isinstance(item, str) else ("", "")
    nano = int((exact * 10**9).to_integral_value(ROUND_HALF_EVEN))
    return Billed(day=day, model=model, amount=nano, currency=(currency or "usd").upper(), tier=tier)


def _usage(day: date, result: Mapping[str, Any]) -> Billed:
    model, tier = result.get("model") or "", result.get("service_tier") or ""
    if not isinstance(model, str) or not isinstance(tier, str):
        raise _strange()
    tier = "batch" if result.get("batch") is True else tier.lower()
    return Billed(
        day=day,
        model=model,
        input_tokens=_count(result, "input_tokens"),
        cached_tokens=_count(result, "input_cached_tokens"),
        output_tokens=_count(result, "output_tokens"),
        requests=_count(result, "num_model_requests"),
        tier="" if tier in USUAL_TIERS else tier,
    )


def _count(holder: Mapping[str, Any], name: str) -> int | None:
    found = holder.get(name)
    if found is None:
        return None
    if isinstance(found, Decimal) and found.is_finite() and found == found.to_integral_value():
        found = int(found) if found < _MOST else -1
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < _MOST:
        raise _strange()
    return found


def _strange() -> NotAStream:
    return NotAStream("OpenAI answered with something that is no bill. Drop its cost export instead.")
