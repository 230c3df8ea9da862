"""Why a bill and the ledger may differ, in one plain sentence for each row. The likeliest that can be told comes first."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from chatbot.core.billed import CENT
from chatbot.core.family import family
from chatbot.core.reconcile import ALL_MODELS, Pair, in_full

Cause = Literal[
    "agrees",
    "rounding",
    "pending",
    "elsewhere",
    "other model",
    "credit",
    "border",
    "unpriced",
    "tier",
    "cached",
    "price",
    "lower bound",
    "not billed",
    "fewer",
    "no tokens",
    "unknown",
]
_LATE = 1  # days that a provider may take to bill a call
_FAR = 10  # times all that was counted, which no estimate, tier or cache makes


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A row with its likely cause. `sentence` ends with a stop."""

    pair: Pair
    cause: Cause
    sentence: str


def explained(pairs: Sequence[Pair], today: date) -> list[Explained]:
    """Each row with the likeliest cause of its difference. `today` in UTC."""
    known = {family(pair.model)[0] for pair in pairs if pair.ours is not None}
    beside = {(pair.day, pair.model): pair for pair in pairs}
    found = []
    for pair in pairs:
        near = [beside.get((pair.day + timedelta(days=step), pair.model)) for step in (-1, 1)]
        cause, sentence = _cause(pair, [one for one in near if one is not None], known, today)
        found.append(Explained(pair=pair, cause=cause, sentence=sentence))
    return found


def _cause(pair: Pair, near: Sequence[Pair], known: Collection[str], today: date) -> tuple[Cause, str]:
    if _agrees(pair):
        return "agrees", "Agrees."
    late = pair.day >= today - timedelta(days=_LATE)
    if pair.theirs is None:
        return ("pending", "Not on the bill yet: bills can be a day late.") if late else _not_billed(pair)
    if pair.ours is None:
        return _not_ours(pair, known)
    checks: tuple[Callable[[], tuple[Cause, str] | None], ...] = (
        lambda: _rounding(pair),
        lambda: _border(pair, near),
        lambda: _credit(pair),
        lambda: ("pending", "Not all is on the bill yet: bills can be a day late.") if late and _less(pair) else None,
        lambda: _unpriced(pair),
        lambda: _elsewhere(pair),
        lambda: _lower_bound(pair),
        lambda: _far(pair),
        lambda: _tier(pair),
        lambda: _cached(pair),
        lambda: _price(pair),
        lambda: _fewer(pair),
        lambda: _no_tokens(pair),
    )
    for check in checks:
        if answer := check():
            return answer
    return "unknown", "Nothing that ByteBot knows explains this."


def _agrees(pair: Pair) -> bool:
    """Money and tokens are the same, as far as the bill says them."""
    if pair.theirs is None:
        return pair.over == 0 and pair.ours is not None and not pair.ours.bill.unpriced
    return not pair.over and not _tokens_differ(pair)


def _tokens_differ(pair: Pair) -> bool:
    theirs, ours = pair.theirs, pair.ours
    if theirs is None or theirs.tokens is None:
        return False
    if ours is None:
        return theirs.tokens > 0
    cached = theirs.cached_tokens is not None and theirs.cached_tokens != ours.cached_tokens
    return (theirs.input_tokens, theirs.output_tokens) != (ours.input_tokens, ours.output_tokens) or cached


def _less(pair: Pair) -> bool:
    return (pair.over or 0) < 0 or (pair.token_difference or 0) < 0


def _not_billed(pair: Pair) -> tuple[Cause, str]:
    ours = pair.ours
    assert ours is not None
    if ours.bill.calls and ours.uncertain == ours.bill.calls:
        return "not billed", f"Not billed: {_calls(ours.bill.calls)} of ours stopped or broke off before an answer."
    if ours.bill.calls == 1:
        return "not billed", "They did not bill this call: perhaps another account or project has it."
    count = _calls(ours.bill.calls)
    return "not billed", f"They billed none of these {count}: perhaps another account or project has them."


def _not_ours(pair: Pair, known: Collection[str]) -> tuple[Cause, str]:
    if not pair.model:
        return "other model", "This line of the bill names no model: a fee, a tax or a credit."
    if pair.theirs is not None and pair.theirs.credits and (pair.billed or 0) < 0:
        return "credit", f"A credit of {in_full(-pair.theirs.credits)}."
    if pair.model == ALL_MODELS:
        return "elsewhere", "Used outside ByteBot: it made no calls that day."
    if family(pair.model)[0] in known:
        return "elsewhere", "Used outside ByteBot: it made no calls to this model that day."
    return "other model", "Used outside ByteBot: it made no calls to this model in this time."


def _rounding(pair: Pair) -> tuple[Cause, str] | None:
    theirs, ours, over = pair.theirs, pair.ours, pair.over
    assert theirs is not None
    assert ours is not None
    if not over or _tokens_differ(pair) or ours.bill.unpriced:
        return None
    if abs(over) <= theirs.rounding + ours.bill.calls:
        return "rounding", "Rounding in the bill's last digits."
    # Whoever counts the same tokens and is off by a hundredth of what is less than a cent has rounded each line.
    if abs(over) < CENT and abs(over) * 100 <= abs(pair.billed or 0):
        return "rounding", "Rounding, below a cent."
    return None


def _border(pair: Pair, near: Sequence[Pair]) -> tuple[Cause, str] | None:
    """What one day lacks is on the day beside it."""
    for other in near:
        both = [(pair.over, other.over), (pair.token_difference, other.token_difference)]
        given = [(one, two) for one, two in both if one is not None and two is not None]
        if given and any(one for one, _ in given) and all(one + two == 0 for one, two in given):
            return "border", f"A call near midnight: it is on {other.day} {_who(pair, other)}."
    return None


def _who(pair: Pair, other: Pair) -> str:
    ahead = (pair.over or pair.token_difference or 0) < 0
    return "in the bill" if ahead else "here"


def _credit(pair: Pair) -> tuple[Cause, str] | None:
    theirs = pair.theirs
    if theirs is None or not theirs.credits or not pair.over:
        return None
    if abs(pair.over - theirs.credits) <= theirs.rounding:
        return "credit", f"They took {in_full(-theirs.credits)} off as a credit."
    return None


def _unpriced(pair: Pair) -> tuple[Cause, str] | None:
    ours = pair.ours
    if ours is None or not ours.bill.unpriced or (pair.over or 0) <= 0:
        return None
    return "unpriced", f"{_calls(ours.bill.unpriced).capitalize()} of ours {_has(ours.bill.unpriced)} no price here."


def _elsewhere(pair: Pair) -> tuple[Cause, str] | None:
    more = pair.request_difference
    theirs, ours = pair.theirs, pair.ours
    if theirs and ours and more is not None and more > 0 and _more(pair):
        made = ours.bill.calls
        return "elsewhere", f"They counted {theirs.requests:,} requests, ByteBot made {made:,}: the rest is not ours."
    if more is None and (pair.token_difference or 0) > 0 and ours and not _perhaps_more(pair):
        return "elsewhere", f"They counted {pair.token_difference:,} tokens more: calls that ByteBot did not make."
    return None


def _more(pair: Pair) -> bool:
    return (pair.over or 0) > 0 or (pair.token_difference or 0) > 0


def _is_far(pair: Pair) -> bool:
    """So much more than was counted that those calls cannot have made it; by tokens where no money was counted."""
    over = pair.over or 0
    if over > 0 and pair.counted:
        return over > _FAR * pair.counted
    return (pair.token_difference or 0) > _FAR * (pair.ours.tokens if pair.ours else 0) > 0


def _perhaps_more(pair: Pair) -> bool:
    """Some calls of ours may have used more than was counted, and as much as they have more."""
    ours = pair.ours
    return ours is not None and bool(ours.bill.estimated or ours.uncertain) and not _is_far(pair)


def _lower_bound(pair: Pair) -> tuple[Cause, str] | None:
    ours = pair.ours
    if ours is None or not _more(pair) or not _perhaps_more(pair):
        return None
    if ours.bill.estimated:
        count = _calls(ours.bill.estimated)
        return "lower bound", f"{count.capitalize()} of ours {_is(ours.bill.estimated)} estimated: a lower bound."
    count = _calls(ours.uncertain)
    return "lower bound", f"{count.capitalize()} of ours stopped or broke off: what was counted is a lower bound."


def _far(pair: Pair) -> tuple[Cause, str] | None:
    """So much more is not ours; unless it is money for the tokens that we counted, or for fewer."""
    more = pair.token_difference
    if not _is_far(pair) or more == 0:
        return None
    if more is not None and more < 0:
        return "price", "They billed far more for fewer tokens: another price, or something that tokens do not count."
    return "elsewhere", f"Most of it was used outside ByteBot: it is over {_FAR} times what our calls came to."


def _tier(pair: Pair) -> tuple[Cause, str] | None:
    theirs, ours = pair.theirs, pair.ours
    if theirs is None or ours is None or not pair.over:
        return None
    other = sorted(theirs.tiers - ours.tiers)
    if other:
        return "tier", f"They billed some of it at another service tier: {', '.join(other)}."
    missing = sorted(ours.tiers - theirs.tiers)
    if missing and theirs.tiers:
        return "tier", f"We priced some of it at another service tier: {', '.join(missing)}."
    return None


def _cached(pair: Pair) -> tuple[Cause, str] | None:
    theirs, ours = pair.theirs, pair.ours
    if theirs is None or ours is None or theirs.cached_tokens is None or pair.token_difference:
        return None
    if theirs.cached_tokens == ours.cached_tokens:
        return None
    return "cached", f"They counted {theirs.cached_tokens:,} cached tokens, the answers said {ours.cached_tokens:,}."


def _price(pair: Pair) -> tuple[Cause, str] | None:
    """The same tokens for other money."""
    if not pair.over or _tokens_differ(pair) or pair.theirs is None or not pair.theirs.tokens:
        return None
    said, held = (_rate(amount, pair.theirs.tokens) for amount in (pair.billed or 0, pair.counted))
    return "price", f"Same tokens, another price: {said} a million on the bill, {held} here."


def _rate(nanodollars: int, tokens: int) -> str:
    """Dollars per million tokens, input and output together; four digits."""
    rate = nanodollars / tokens / 1000
    return f"${rate:,.4f}" if rate < 100 else f"${rate:,.0f}"


def _fewer(pair: Pair) -> tuple[Cause, str] | None:
    theirs, ours = pair.theirs, pair.ours
    if theirs and ours and (pair.request_difference or 0) < 0 and _less(pair):
        of = f"{theirs.requests:,} of our {ours.bill.calls:,} calls"
        return "fewer", f"They counted {of}: perhaps another account or project has the rest."
    if pair.request_difference is None and (pair.token_difference or 0) < 0:
        return "fewer", "They counted fewer tokens: perhaps another account or project has some of our calls."
    return None


def _no_tokens(pair: Pair) -> tuple[Cause, str] | None:
    if pair.theirs is None or pair.theirs.tokens is not None or not pair.over:
        return None
    what = "calls from elsewhere or another price" if pair.over > 0 else "another price, or another account or project"
    return "no tokens", f"Perhaps {what}: this bill counts no tokens, the usage export would tell."


def _calls(count: int) -> str:
    return f"{count:,} call{'' if count == 1 else 's'}"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
