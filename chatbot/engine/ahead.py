"""Looking ahead: what the next call would send and cost, from the request as it would really be built."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chatbot.core.budgets import Standing
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost
from chatbot.core.routing import targets
from chatbot.core.settings import Options
from chatbot.core.tokens import Outputs, calibrated, expected_outputs, next_input, rough
from chatbot.engine.call import FRAME
from chatbot.engine.memory import Memory
from chatbot.engine.outside import Outside
from chatbot.engine.payer import Payer
from chatbot.engine.reserve import MOST_OUTPUT, cheaper, costs_at_most, is_free
from chatbot.store.lease import Owner
from chatbot.store.ledger import Ledger
from chatbot.store.rows import now, options_of
from chatbot.store.store import Store

_CACHES_LAST = timedelta(hours=1)  # vendors keep them for minutes to hours after the last use
_A_THOUSAND = 225  # tokens of as many characters of plain prose


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Why a reply was not asked for, as things are now. Nano-dollars; None: not known, or not so."""

    most: int | None
    standing: Standing | None = None
    """The budget that has no room; None when all have by now."""
    instead: tuple[str, int] | None = None
    """A cheaper model that fits, and what it costs at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByRule:
    """What the next message costs if a rule sends it to another model. Which message that is, its words decide."""

    model: str
    least: Cost
    most: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The next message before its own words: tokens in, and what the call costs with a short and with a long reply.

    `exact`: the input is what the server itself reported, and only words of ours come on top. `outputs` are tokens.
    """

    input_tokens: int
    exact: bool
    outputs: Outputs
    least: Cost
    most: Cost
    per_thousand: Cost
    """What a thousand characters more cost, as input."""
    left_out: int = 0
    """Older messages that would not be sent."""
    by_rule: tuple[ByRule, ...] = ()
    """The other models that the rules of this chat's model lead to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncached:
    """Tokens that the vendor had in its cache and will bill in full again; `nanodollars` is what that is more."""

    tokens: int
    nanodollars: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Underway:
    """The part of a call that a meter needs."""

    base_url: str
    model_asked: str
    started: datetime
    input_estimate: int
    conversation: None = None


class Ahead:
    """What may come, asked by faces while nothing is being written. Nothing is recorded, and no model is asked."""

    def __init__(
        self, store: Store, ledger: Ledger, memory: Memory, outside: Outside, process: Owner, *, anonymous: bool = False
    ) -> None:
        """`anonymous`: the ledger does not know which reply a call is for, as in a temporary chat."""
        self._anonymous = anonymous
        self._store = store
        self._ledger = ledger
        self._memory = memory
        self._outside = outside
        self._process = process

    def blocked(self, conversation: str, reply: int, options: Options, *, among: Collection[str] = ()) -> Blocked:
        """What stands in the way of a reply that was not asked for, and what would fit: of the models `among` these,
        where it is known which there are.
        """
        payer = self._payer(conversation, options)
        row = self._store.conversations.messages([reply])[reply]
        if row.routed is not None and row.routed.instead_of == options.model:
            options = replace(options, model=row.routed.model)
        plan = self._memory.plan_at(conversation, row.parent, options, continues=row.continues)
        request = plan.request(plan.fit(None))
        if request.max_output is None:
            request = replace(request, max_output=MOST_OUTPUT)
        most = costs_at_most(self._outside, payer.base_url, request)
        standings = payer.standings(request.model)
        tightest = min(standings, key=lambda one: one.room, default=None)
        full = tightest if tightest is not None and most is not None and most > tightest.room else None
        instead = cheaper(payer, self._outside, request, among=among) if full else None
        return Blocked(most=most, standing=full, instead=instead)

    def next(self, conversation: str | None, head: int | None, options: Options) -> Forecast | None:
        """What the next message below `head` would send and cost; None where nobody bills it.

        Waits for no server and loads no tokenizer.
        """
        payer = self._payer(conversation, options)
        if is_free(self._outside, payer.base_url, options.model):
            return None
        real = self._ledger.last_input(conversation, payer.base_url, options.model)
        tokens = self._heard(conversation, head, options)
        exact, left_out = tokens is not None, 0
        if tokens is None or tokens > self._memory.likely_budget(options):
            fitted = self._memory.glance(conversation, head, options)
            tokens, exact, left_out = (
                sum(rough(message.text) + FRAME for message in fitted.messages),
                False,
                fitted.folded,
            )
            tokens = calibrated(tokens, *real) if real else tokens
        more = calibrated(_A_THOUSAND, *real) if real else _A_THOUSAND

        def cost(model: str, input_tokens: int, output_tokens: int) -> Cost:
            usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
            return self._outside.price(payer.base_url, (model,), usage, tier=None, at=now())

        def replies(model: str) -> Outputs:
            made = self._ledger.outputs(conversation, payer.base_url, model)
            return expected_outputs(made, most=options.max_output or MOST_OUTPUT)

        outputs, by_rule = replies(options.model), []
        for model in targets(self._outside.rules(), connection=options.connection, model=options.model):
            theirs = replies(model)
            by_rule.append(
                ByRule(model=model, least=cost(model, tokens, theirs.low), most=cost(model, tokens, theirs.high))
            )
        return Forecast(
            input_tokens=tokens,
            exact=exact,
            outputs=outputs,
            least=cost(options.model, tokens, outputs.low),
            most=cost(options.model, tokens, outputs.high),
            per_thousand=cost(options.model, more, 0),
            left_out=left_out,
            by_rule=tuple(by_rule),
        )

    def uncached(
        self, conversation: str, head: int | None, options: Options, *, edited: int | None = None
    ) -> Uncached | None:
        """What of the vendor's cache a changed message, or a changed system prompt, makes useless for the next message.

        Of an edited message that is its own words, since what stands before them is sent as it was; of a system prompt,
        which stands first, everything. None where the last call read nothing from a cache, or where it is long ago.
        """
        payer = self._payer(conversation, options)
        cached, finished = self._ledger.last_cached(conversation, payer.base_url, options.model)
        if not cached or finished is None or now() - finished > _CACHES_LAST:
            return None
        if edited is None:
            made = self._store.conversations.messages([head]).get(head) if head is not None else None
            if made is None or made.options.get("system", options.system) == options.system:
                return None
            before, after = 0, cached
        else:
            row = self._store.conversations.messages([edited])[edited]
            real = self._ledger.last_input(conversation, payer.base_url, options.model)
            fitted = self._memory.glance(conversation, row.parent, options)
            before = sum(rough(message.text) + FRAME for message in fitted.messages)
            whole = before + rough(row.text) + FRAME
            before, after = (calibrated(tokens, *real) if real else tokens for tokens in (before, whole))
        lost = min(cached, after) - min(cached, before)
        if lost <= 0:
            return None
        full, held = (
            self._outside.price(
                payer.base_url,
                (options.model,),
                Usage(input_tokens=lost, cached_tokens=tokens, output_tokens=0),
                tier=None,
                at=now(),
            ).nanodollars
            for tokens in (0, lost)
        )
        return Uncached(tokens=lost, nanodollars=None if full is None or held is None else full - held)

    def meter(self, reply: int) -> Callable[[int], Cost] | None:
        """The cost of a reply that is being written, by the tokens that have come; None where nobody bills it, or nobody
        knows the price.
        """
        call = self._underway(reply) if self._anonymous else self._ledger.open_call(reply)
        if call is None:
            return None
        real = self._ledger.last_input(call.conversation, call.base_url, call.model_asked)
        tokens = calibrated(call.input_estimate, *real) if real else call.input_estimate

        def cost(written: int) -> Cost:
            usage = Usage(input_tokens=tokens, output_tokens=written, estimated=True)
            return self._outside.price(call.base_url, (call.model_asked,), usage, tier=None, at=call.started)

        return cost if cost(0).source not in ("local", "unknown") else None

    def _underway(self, reply: int) -> "_Underway | None":
        """What the ledger would say of the reply's open call, from the reply itself."""
        row = self._store.conversations.messages([reply]).get(reply)
        if row is None or row.state != "running" or row.model_asked is None:
            return None
        options = options_of(row.options)
        fitted = self._memory.glance(row.conversation, row.parent, options)
        return _Underway(
            base_url=self._payer(None, options).base_url,
            model_asked=row.model_asked,
            started=row.created,
            input_estimate=sum(rough(message.text) + FRAME for message in fitted.messages),
        )

    def _heard(self, conversation: str | None, head: int | None, options: Options) -> int | None:
        """The next input by the server's own numbers; None where the last reply was not made as the next one will be."""
        if conversation is None or head is None:
            return None
        made = self._store.conversations.messages([head]).get(head)
        if made is None or made.role != "assistant" or made.left_out or made.continues or made.state != "complete":
            return None
        was = (made.options.get("system"), made.options.get("model"), made.options.get("connection"))
        if was != (options.system, options.model, options.connection):
            return None
        return next_input(made.usage, "", rough)

    def _payer(self, conversation: str | None, options: Options) -> Payer:
        return replace(self._outside.payer(options.connection, self._ledger, self._process), conversation=conversation)
