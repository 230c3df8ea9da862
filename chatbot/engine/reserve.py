"""Reserve: before each call, what it may cost at most is set aside in the budgets, in the transaction that records it."""

from collections.abc import Callable, Collection
from dataclasses import replace
from math import ceil

from chatbot.core.bill import dollars
from chatbot.core.budgets import unpriced
from chatbot.core.errors import ByteBotError, OverBudget, Unpriced
from chatbot.core.events import Purpose
from chatbot.core.money import Usage
from chatbot.engine.call import FRAME, input_estimate
from chatbot.engine.outside import Outside
from chatbot.engine.payer import Payer
from chatbot.providers.provider import Request
from chatbot.store.rows import now

MOST_OUTPUT = 4096  # tokens that a reply may have where a budget is on and nobody has set a limit
_UNSURE = 1.25  # what a count with another model's vocabulary may be below the truth
_ENVELOPE = 8  # tokens that a request costs beside its messages


class Reserve:
    """Asked before each call of a turn, a title or a summary; what it lets pass it has recorded, if a budget is on."""

    def __init__(
        self,
        payer: Payer,
        outside: Outside,
        opened: Callable[[int], None],
        *,
        purpose: Purpose = "reply",
        allow_unpriced: bool = False,
    ) -> None:
        """`opened` is told the id of a call that was recorded here; `allow_unpriced`: the person said so."""
        self._payer = payer
        self._outside = outside
        self._opened = opened
        self._purpose: Purpose = purpose
        self._allow_unpriced = allow_unpriced

    def __call__(self, request: Request) -> Request:
        """The request as it may leave: with a limit of output, if a budget concerns it.

        OverBudget when it might pass a limit, Unpriced when nobody knows what it costs; nothing is recorded then.
        """
        payer = self._payer
        standings = payer.standings(request.model)
        if not standings or is_free(self._outside, payer.base_url, request.model):
            return request
        if request.max_output is None:
            request = replace(request, max_output=MOST_OUTPUT)
        most = costs_at_most(self._outside, payer.base_url, request)
        if most is None:
            if not self._allow_unpriced:
                raise Unpriced(unpriced(standings[0], request.model), standings[0])
            return request
        try:
            call = payer.sent(request.model, purpose=self._purpose, input_estimate=input_estimate(request), most=most)
        except OverBudget as full:
            fitting = cheaper(payer, self._outside, request)
            if fitting is None:
                raise
            model, least = fitting
            raise OverBudget(f"{full.sentence} {model} would fit (at most {dollars(least)}).", full.standing) from None
        self._opened(call)
        return request


def is_free(outside: Outside, base_url: str, model: str) -> bool:
    """Whether the model runs on this machine, where nobody bills it."""
    return outside.price(base_url, (model,), Usage(), tier=None, at=now()).source == "local"


def costs_at_most(outside: Outside, base_url: str, request: Request) -> int | None:
    """Nano-dollars that the call costs if the reply is as long as it may be; None where no price is known.

    The input is counted with the model's own vocabulary, where that is unknown with a margin; it may all be new to the
    vendor's cache, which some bill higher.
    """
    count = outside.count(request.model)
    words = sum(count(message["content"] or "") + FRAME for message in request.messages)
    tokens = ceil(words * (1 if outside.sure(request.model) else _UNSURE)) + _ENVELOPE
    plain = Usage(input_tokens=tokens, output_tokens=request.max_output or MOST_OUTPUT)
    costs = [
        outside.price(base_url, (request.model,), usage, tier=None, at=now()).nanodollars
        for usage in (plain, replace(plain, cache_write_tokens=tokens))
    ]
    known = [cost for cost in costs if cost is not None]
    return max(known) if len(known) == len(costs) else None


def cheaper(payer: Payer, outside: Outside, request: Request, *, among: Collection[str] = ()) -> tuple[str, int] | None:
    """Another model of the same connection that the budgets have room for, and what it costs at most; the cheapest.

    `among`: those that the server has, where that is known; another one would only fail.
    """
    found: list[tuple[int, str]] = []
    try:
        models = outside.models(payer.connection)
    except ByteBotError:
        return None
    for model in models:
        if model != request.model and (model in among or not among):
            most = costs_at_most(outside, payer.base_url, replace(request, model=model))
            if most is not None and all(most <= standing.room for standing in payer.standings(model)):
                found.append((most, model))
    return (min(found)[1], min(found)[0]) if found else None
