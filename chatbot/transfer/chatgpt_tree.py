"""The nodes of ChatGPT's mapping in an order in which parents come first."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from chatbot.core.errors import BadInput
from chatbot.transfer.checked import Checked
from chatbot.transfer.growing import MOST_NODES, in_order


def nodes_in_order(about: Checked, lost: Counter[str]) -> Iterator[tuple[str, str | None, Any]]:
    """(key, parent's key, message or None) of each, branches in their order; loose ends are counted in `lost`. BadInput where it is no tree."""
    nodes = about.raw("mapping")
    if not isinstance(nodes, dict):
        raise about.bad("mapping", "should be an object, as in a ChatGPT export")
    if len(nodes) > MOST_NODES:
        raise BadInput(f"{about.place}: more than {MOST_NODES:,} messages; that is no conversation.")
    read = {key: Checked(node, f"{about.place}, node {key[:40]!r}") for key, node in nodes.items()}
    parents = {key: node.text_or_none("parent") for key, node in read.items()}
    listed = {key: node.texts("children") for key, node in read.items()}
    for key, parent in in_order(about.place, parents, listed, lost):
        yield key, parent, read[key].raw("message")
