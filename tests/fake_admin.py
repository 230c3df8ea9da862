"""What GET /v1/organization/costs and …/usage/completions answer, by variant: OpenAI's bill, good and bad."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fake_http import Exchange

ADMIN_KEY = "sk-admin-1234567890abcdefghij"
DAY = 86_400


def organization(exchange: Exchange) -> None:
    """The variant is the first part of the path. "" is right: a page for each day, by `page`."""
    path, variant = urlsplit(exchange.request.path), exchange.argument
    query = parse_qs(path.query)
    if variant == "admin-page":
        body = b"<!doctype html><h1>It works</h1>"
        exchange.head(200, content_type="text/html", length=len(body))
        return exchange.raw(body)
    if variant.startswith("admin-status-"):
        said = f"Incorrect API key provided: {exchange.request.headers.get('authorization', '')}."
        return exchange.error(int(variant.rpartition("-")[2]), said, code="invalid_api_key")
    if variant == "admin-silent":
        exchange.wait(600)
    if variant == "admin-cut":
        exchange.head(200, content_type="application/json", length=1000)
        exchange.raw(b'{"data": [')
        return exchange.hang_up()
    if variant == "admin-moved":
        return exchange.json(307, {}, {"Location": "https://example.com/"})
    if exchange.request.headers.get("authorization") != f"Bearer {ADMIN_KEY}":
        return exchange.error(401, "Incorrect API key provided.", code="invalid_api_key")
    return exchange.json(200, _STRANGE[variant] if variant in _STRANGE else _page(path.path, query, variant))


def _page(path: str, query: dict[str, list[str]], variant: str) -> dict[str, Any]:
    first, end = int(query["start_time"][0]), int(query["end_time"][0])
    at = int(query.get("page", ["page_0"])[0].removeprefix("page_"))
    start = first + at * DAY
    results = _costs(at) if path.endswith("/costs") else _usage(at)
    more = start + DAY < end or variant == "admin-endless"
    after = {"": at + 1, "admin-endless": at + 1, "admin-circle": 0}[variant]
    return {
        "object": "page",
        "data": [
            {"object": "bucket", "start_time": min(start, end - DAY), "end_time": start + DAY, "results": results}
        ],
        "has_more": more,
        "next_page": f"page_{after}" if more else None,
    }


def _costs(at: int) -> list[dict[str, Any]]:
    items = [("gpt-6-luna, input", 0.0123), ("gpt-6-luna, output", 0.1)] if at % 2 == 0 else []
    return [
        {"object": "organization.costs.result", "amount": {"value": value, "currency": "usd"}, "line_item": item}
        for item, value in items
    ]


def _usage(at: int) -> list[dict[str, Any]]:
    if at % 2:
        return []
    one = {
        "object": "organization.usage.completions.result",
        "model": "gpt-6-luna",
        "batch": False,
        "service_tier": None,
    }
    return [
        one | {"input_tokens": 123_000, "input_cached_tokens": 0, "output_tokens": 200_000, "num_model_requests": 3}
    ]


def _one(result: Any) -> dict[str, Any]:
    return {"data": [{"start_time": 1_793_664_000, "results": [result]}], "has_more": False, "next_page": None}


_STRANGE: dict[str, Any] = {
    "admin-list": [],
    "admin-no-data": {"data": None},
    "admin-no-bucket": {"data": [7]},
    "admin-no-results": {"data": [{"start_time": 1_793_664_000}]},
    "admin-no-day": {"data": [{"start_time": "soon", "results": []}]},
    "admin-other-day": {"data": [{"start_time": 1, "results": []}]},
    "admin-no-amount": _one({"amount": 7}),
    "admin-word": _one({"amount": {"value": "much", "currency": "usd"}}),
    "admin-true": _one({"amount": {"value": True, "currency": "usd"}}),
    "admin-huge": _one({"amount": {"value": 1e99, "currency": "usd"}}),
}
STRANGE = tuple(_STRANGE)
