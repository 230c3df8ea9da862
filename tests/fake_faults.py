"""Every way a stream can fail, the points at which it can, and what is right for each.

`FAULTS` is the table: tests iterate it, and the page on reliability is made from it. The model "fault:NAME:POINT" makes
the fake server play one; without a point, the fault's first.

Points: "connect" (instead of headers) · "headers" (after them, before any word) · "first" (one word came) ·
"later" (six words came) · "usage" (all words and the finish reason came, usage did not).
"""

from collections.abc import Callable, Mapping

from tests import fake_dialects as dialects
from tests import fake_statuses as statuses
from tests import fake_strikes as strikes
from tests.fake_http import Exchange
from tests.fake_right import ALL, HEALED, NO_STREAM, POINTS, Fault, Point, Right, at, failed, torn, whole

FAULTS: dict[str, Fault] = {}
MORE = ("endless", "sse-split", "sse-split-pair", "sse-line-separators")


def _add(row: str, faults: Mapping[str, tuple[Mapping[Point, Right], Callable[[Exchange, str], None]]]) -> None:
    for name, (right, play) in faults.items():
        FAULTS[name] = Fault(row=row, right=right, play=play, more=name in MORE)


_add(
    "429 with Retry-After, and without",
    {
        "retry-after": (at("connect", HEALED), statuses.heals(429, retry_after="1")),
        "retry-after-date": (at("connect", HEALED), statuses.heals(429, retry_after="date")),
        "retry-after-long": (at("connect", failed("Busy")), statuses.status(429, retry_after="3600")),
        "rate-limit": (at("connect", HEALED), statuses.heals(429)),
        "rate-limit-forever": (at("connect", failed("Busy", 4)), statuses.status(429)),
    },
)
_add(
    "429 insufficient_quota, billing",
    {
        "quota": (at("connect", failed("NoCredit")), statuses.status(429, code="insufficient_quota")),
        "billing": (at("connect", failed("NoCredit")), statuses.status(429, code="billing_hard_limit_reached")),
    },
)
_add(
    "408, 409, 500, 502, 503, 504, 520, 529; x-should-retry",
    {
        **{
            f"status-{number}": (at("connect", HEALED), statuses.heals(number))
            for number in (408, 409, 500, 502, 503, 504, 520, 529)
        },
        "unavailable-forever": (at("connect", failed("Busy", 4)), statuses.status(503)),
        "should-retry": (at("connect", HEALED), statuses.heals(400, should_retry="true")),
        "should-not-retry": (at("connect", failed("Busy")), statuses.status(503, should_retry="false")),
    },
)
_add(
    "401, 402, 403, 404, 413, 422",
    {
        f"status-{number}": (at("connect", failed(kind)), statuses.status(number, code=code))
        for number, kind, code in (
            (400, "RequestRefused", None),
            (401, "KeyRefused", "invalid_api_key"),
            (402, "NoCredit", None),
            (403, "Forbidden", None),
            (404, "ModelUnknown", "model_not_found"),
            (413, "RequestRefused", None),
            (422, "RequestRefused", None),
        )
    },
)
_add(
    "HTML error page",
    {
        "html-error": (at("connect", failed("Busy", 4)), statuses.page(502)),
        "html-forbidden": (at("connect", failed("Forbidden")), statuses.page(403)),
        "html-not-found": (at("connect", failed("ModelUnknown")), statuses.page(404)),
    },
)
for _name in ("refused", "unknown-host", "not-tls", "blackhole"):
    FAULTS[_name] = Fault(
        row="connection refused, DNS, TLS", address=_name, right=at("connect", failed("ConnectFailed", 4))
    )
_add(
    "read timeout before headers",
    {"no-headers": (at("connect", failed("NoAnswer")), strikes.stall)},
)
_add(
    "error status whose body never ends",
    {
        "error-trickles": (at("connect", failed("Forbidden")), statuses.error_trickles),
        "error-floods": (at("connect", failed("RequestRefused")), statuses.error_floods),
    },
)
_add(
    "reset or short body mid-stream; clean end without a finish reason",
    {
        "reset": (torn("Broken", *POINTS), strikes.reset),
        "short-body": (torn("Broken", "headers", "first", "later", "usage"), strikes.short_body),
        "hang-up": (torn("Broken", *POINTS), strikes.hang_up),
        "clean-end": (torn("Broken", "headers", "first", "later", "usage"), strikes.clean_end),
        "not-http": (at("connect", NO_STREAM), strikes.not_http),
    },
)
_add(
    "stall; stall with keep-alive comments",
    {
        "stall": (torn("Stalled", "headers", "first", "later", "usage"), strikes.stall),
        "stall-comments": (torn("Stalled", "headers", "first", "later", "usage"), strikes.stall_comments),
    },
)
_add(
    "empty or missing choices, null or missing delta, two choices",
    {
        name: (whole("headers", "first", "later", "usage"), strikes.extra(name))
        for name in ("choices-empty", "choices-missing", "choices-null", "delta-null", "delta-missing", "two-choices")
    },
)
_add(
    "usage in a last empty chunk, in the last content chunk, in every chunk, null, missing",
    {
        f"usage-{where}": (whole("usage"), strikes.usage(where))
        for where in ("last", "in-content", "every", "null", "missing")
    },
)
_add(
    "stop with no text, refusal or tool call; length with no text",
    {
        "empty-stop": (at("usage", failed("EmptyReply")), strikes.empty("stop")),
        "empty-length": (at("usage", failed("EmptyReply")), strikes.empty("length")),
        "only-thinking": (
            at("usage", Right(state="failed", kind="EmptyReply", reasoning="Let me think.")),
            strikes.empty("length", thinks=True),
        ),
    },
)
_add(
    "finish length, content_filter, refusal deltas, unknown word, empty",
    {
        "finish-length": (at("usage", Right(state="length", words=ALL)), strikes.finish("length")),
        "finish-filter": (at("usage", Right(state="filtered", words=ALL)), strikes.finish("content_filter")),
        "refusal": (at("usage", Right(state="refused", words=ALL)), strikes.refusal),
        "finish-unknown": (whole("usage"), strikes.finish("ran_out_of_ink")),
        "finish-empty": (at("usage", Right(state="cut", kind="Broken", words=ALL)), strikes.finish("")),
        "finish-null": (at("usage", Right(state="cut", kind="Broken", words=ALL)), strikes.finish(None)),
    },
)
_add(
    "content as list or int; role-less delta",
    {
        "content-list": (whole("headers"), strikes.content_list),
        "content-int": (whole("headers", "first", "later", "usage"), strikes.extra("content-int")),
        "no-role": (whole("headers"), strikes.no_role),
    },
)
_add(
    "reasoning_content, reasoning",
    {
        name: (
            at("headers", Right(state="complete", words=ALL, reasoning="Let me think.")),
            strikes.reasoning(name),
        )
        for name in ("reasoning_content", "reasoning")
    },
)
_add(
    "error object inside a 200 stream, event: error, finish error",
    {
        "error-object": (
            torn("Busy", "headers", "first", "later", "usage", before=failed("Busy", 4)),
            strikes.error_object("server_error"),
        ),
        "error-object-heals": (at("headers", HEALED), strikes.error_object("rate_limit_exceeded", heals=True)),
        "error-object-quota": (
            torn("NoCredit", "headers", "later"),
            strikes.error_object("insufficient_quota"),
        ),
        "error-object-strange": (torn("Refused", "headers", "first", "later"), strikes.error_object("odd_hiccup")),
        "error-event": (torn("Refused", "headers", "first", "later", "usage"), strikes.error_event),
        "finish-error": (torn("Refused", "headers", "first", "later"), strikes.finish_error),
    },
)
_add(
    "event: ping, retry:, id:, empty data:, comments, CRLF, CR, no space after data:, BOM, UTF-8 split over chunks, "
    "last event without a blank line",
    {f"sse-{name}": (whole("headers"), dialects.dialect(name)) for name in dialects.DIALECTS},
)
_add(
    "raw U+2028, U+0085, VT inside the JSON of an event",
    {"sse-line-separators": (whole("headers"), dialects.line_separators)},
)
_add(
    "invalid JSON in an event, invalid UTF-8, data: null",
    {
        name: (torn("Broken", "headers", "first", "later", "usage"), strikes.garbage(data))
        for name, data in (
            ("bad-json", b'data: {"choices": [{"delta": {"content": "never\n\n'),
            ("bad-utf8", b'data: {"choices": [{"index": 0, "delta": {"content": "\xff\xfe"}}]}\n\n'),
            ("data-null", b"data: null\n\n"),
        )
    },
)
_add(
    "JSON or HTML answer to a stream request, 204, empty 200",
    {
        "json-answer": (whole("headers"), dialects.json_answer),
        "json-error": (at("headers", failed("ModelUnknown")), dialects.json_error),
        "html-200": (at("headers", NO_STREAM), statuses.page(200)),
        "no-content": (at("headers", NO_STREAM), dialects.no_content),
        "empty-200": (at("headers", NO_STREAM), dialects.empty_body),
    },
)
_add(
    "gzip cut or false",
    {
        "gzip-cut": (torn("Broken", "first", "later"), dialects.gzip_cut),
        "gzip-false": (at("headers", NO_STREAM), dialects.gzip_false),
        "gzip": (whole("headers"), dialects.gzip_whole),
    },
)
_add(
    "1 MB line, endless stream",
    {
        "long-line": (torn("Broken", "headers", "first", "later"), strikes.long_line),
        "endless": (at("usage", Right(state="cut", kind="Broken", words=ALL)), strikes.endless),
    },
)
_add(
    "context_length_exceeded",
    {
        f"context-length{suffix}": (at("connect", failed("ContextTooLong", 1, 2)), statuses.context_length(suffix))
        for suffix in ("", "-vllm", "-llama", "-plain")
    },
)
_add(
    "unsupported_parameter, unsupported_value",
    {
        "unsupported": (at("connect", HEALED), statuses.refuses("stream_options")),
        "unsupported-renamed": (
            at("connect", Right(state="complete", words=ALL, attempts=(1, 2))),
            statuses.refuses("max_tokens"),
        ),
        "unsupported-value": (
            at("connect", Right(state="complete", words=ALL, attempts=(1, 2))),
            statuses.refuses("temperature"),
        ),
    },
)
_add(
    "307 / 301 redirect",
    {
        f"redirect-{number}": (at("connect", failed("Redirected")), statuses.redirect(number))
        for number in (301, 302, 307, 308)
    },
)


def play_fault(exchange: Exchange) -> None:
    """Play "NAME:POINT"."""
    name, _, point = exchange.argument.partition(":")
    fault = FAULTS.get(name)
    if fault is None or (point and point not in fault.right):
        return exchange.error(404, f"There is no fault {exchange.argument!r}.", code="model_not_found")
    return fault.play(exchange, point or fault.points[0])
