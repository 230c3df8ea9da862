"""A whole conversation as people read it: message by message, segments joined, on its open branch or on all of them."""

from collections.abc import Iterator
from itertools import count

from chatbot.core.endings import how_it_ended
from chatbot.core.money import Usage
from chatbot.core.tree import Leaf, Place, Tree
from chatbot.core.whole import Whole, WholeCall
from chatbot.transfer.values import Entry, Heading


def heading_of(whole: Whole, *, branches: bool = False) -> Heading:
    system = whole.options.get("system")
    return Heading(
        id=whole.source.removeprefix("bytebot:"),
        title=whole.title,
        created=whole.created,
        system=system if isinstance(system, str) else "",
        scope="all branches" if branches else _scope(whole),
    )


def _scope(whole: Whole) -> str:
    count = beside(whole)
    return f"the open branch; {not_in_file(count)}" if count else "the whole conversation"


def beside(whole: Whole) -> int:
    """How many of its messages are on other branches than the open one."""
    tree = tree_of(whole)
    here = {leaf.id for place in tree.path(whole.head) for leaf in place.segments}
    return sum(not leaf.continues for leaf in tree.by_id.values() if leaf.id not in here)


def not_in_file(count: int) -> str:
    """So many messages, in words.

    >>> not_in_file(1), not_in_file(1200)
    ('1 message on another branch is not in this file', '1,200 messages on other branches are not in this file')
    """
    return f"{count:,} message{' on another branch is' if count == 1 else 's on other branches are'} not in this file"


def entries_of(whole: Whole, *, branches: bool = False) -> Iterator[Entry]:
    """The open branch; or with `branches` everything, each message marked with its number, its version and what it is below."""
    tree = tree_of(whole)
    if not branches:
        for place in tree.path(whole.head):
            yield _entry(whole, place)
        return
    numbers: dict[int | None, int] = {}
    ahead = list(reversed(tree.children.get(None, ())))
    for number in count(1):
        if not ahead:
            return
        at = ahead.pop()
        place, rest = _grown(tree, at)
        numbers |= dict.fromkeys((leaf.id for leaf in place.segments), number)
        parent = tree.by_id[at].parent
        yield _entry(whole, place, mark=_mark(tree, at, number, numbers.get(parent)))
        ahead.extend(reversed(rest))


def tree_of(whole: Whole) -> Tree:
    return Tree(
        Leaf(id=number, parent=one.parent, role=one.role, state=one.state, continues=one.continues, empty=not one.text)
        for number, one in enumerate(whole.messages, start=1)
    )


def _grown(tree: Tree, at: int) -> tuple[Place, list[int]]:
    """A message with its segments, and what stands below any of them. Of two that go on from one place the first is
    joined; the other stands by itself.
    """
    segments, rest = [tree.by_id[at]], list[int]()
    while True:
        below = tree.children.get(segments[-1].id, ())
        onward = next((one for one in below if tree.by_id[one].continues), None)
        rest += [one for one in below if one != onward]
        if onward is None:
            return Place(tuple(segments)), rest
        segments.append(tree.by_id[onward])


def _mark(tree: Tree, at: int, number: int, above: int | None) -> str:
    leaf = tree.by_id[at]
    beside = [one for one in tree.children.get(leaf.parent, ()) if tree.by_id[one].role == leaf.role]
    version = f", version {beside.index(at) + 1} of {len(beside)}" if len(beside) > 1 else ""
    return f"message {number}{version}{f', below {above}' if above else ''}"


def _entry(whole: Whole, place: Place, mark: str = "") -> Entry:
    rows = [whole.messages[leaf.id - 1] for leaf in place.segments]
    first, last = rows[0], rows[-1]
    usages = [row.usage for row in rows if row.usage is not None]
    numbers = {leaf.id for leaf in place.segments}
    # What was refused before anything was used costs nothing, and says nothing of how the rest is known.
    bills = [call for call in whole.calls if call.reply in numbers and call.cost_source != "free"]
    limit = last.options.get("max_output")
    came = last.usage.get("output_tokens") if last.usage else None
    used = Usage(output_tokens=came, estimated=bool(last.usage.get("estimated"))) if last.usage else None
    ended = how_it_ended(
        last.state,
        error=last.error,
        limit=limit if isinstance(limit, int) else None,
        usage=used,
        goes_on=any(row.text for row in rows),
    )
    return Entry(
        role=first.role,
        text="".join(row.text for row in rows),
        reasoning="".join(row.reasoning for row in rows),
        state=last.state,
        created=first.created,
        model=last.model_answered or last.model_asked,
        connection=last.connection,
        input_tokens=_sum([usage.get("input_tokens") for usage in usages]),
        output_tokens=_sum([usage.get("output_tokens") for usage in usages]),
        estimated=any(usage.get("estimated") for usage in usages),
        nanodollars=_cost(bills),
        cost_source=" + ".join(dict.fromkeys(call.cost_source for call in bills)),
        finish_reason=last.finish_reason,
        first_token=first.first_token,
        duration=last.duration,
        ended=ended if first.role == "assistant" else None,
        mark=mark,
    )


def _cost(bills: list[WholeCall]) -> int | None:
    """Of a part that is unknown, the whole is."""
    costs = [call.nanodollars for call in bills]
    return sum(cost for cost in costs if cost is not None) if costs and None not in costs else None


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
