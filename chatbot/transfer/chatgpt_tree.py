"""The nodes of ChatGPT's mapping in an order in which parents come first."""

from collections.abc import Iterator
from typing import Any

from chatbot.core.errors import BadInput
from chatbot.transfer.checked import Checked

MOST_NODES = 200_000


def in_order(about: Checked) -> Iterator[tuple[str, str | None, Any]]:
    """(key, parent's key, message or None) of each, branches in their order.

    BadInput where it is no tree: a parent that is not there, two parents, a circle.
    """
    nodes = about.raw("mapping")
    if not isinstance(nodes, dict):
        raise about.bad("mapping", "should be an object, as in a ChatGPT export")
    if len(nodes) > MOST_NODES:
        raise BadInput(f"{about.place}: more than {MOST_NODES:,} messages; that is no conversation.")
    read = {key: Checked(node, f"{about.place}, node {key[:40]!r}") for key, node in nodes.items()}
    parents: dict[str, str | None] = {}
    for key, node in read.items():
        parent = parents[key] = node.text_or_none("parent")
        if parent is not None and parent not in read:
            raise node.bad("parent", "is not there")
    children: dict[str | None, list[str]] = {None: [], **{key: [] for key in read}}
    for key, node in read.items():
        listed = dict.fromkeys(node.texts("children"))
        for child in listed:
            if parents.get(child, "") != key:
                raise node.bad("children", f"name {child[:40]!r}, which says that its parent is another")
        children[key] = list(listed)
    for key, parent in parents.items():
        if parent is None or key not in children[parent]:  # some writers leave `children` out
            children[parent].append(key)
    given = 0
    ahead = list(reversed(children[None]))
    while ahead:
        key = ahead.pop()
        given += 1
        yield key, parents[key], read[key].raw("message")
        ahead.extend(reversed(children[key]))
    if given != len(read):
        raise BadInput(f"{about.place}: its messages go round in a circle. Export it again.")
