"""JSONL for fine-tuning: a line for each conversation, as OpenAI and others take it."""

import json
import re
from collections.abc import Iterable, Iterator

from chatbot.core.whole import Whole
from chatbot.transfer.reading import heading_of, tree_of

_BREAKS = re.compile("[\x85\u2028\u2029]")  # where some readers would see the end of a line


def to_jsonl(wholes: Iterable[Whole], *, branches: bool = False) -> Iterator[bytes]:
    """{"messages": [...]} in lines, UTF-8: the open branch of each, or with `branches` every branch, to its last whole reply.

    A branch ends before the first reply that is not whole. What never got an answer is left out, and messages of a person
    that thus become neighbours are one, as when they are sent. One without a whole reply gives no line.
    """
    for whole in wholes:
        tree = tree_of(whole)
        heads = [whole.head]
        if branches:
            heads = [leaf for leaf in tree.by_id if leaf not in tree.children]
        written = set[str]()
        for head in heads:
            line = _line(whole, [[leaf.id for leaf in place.segments] for place in tree.path(head)])
            if line and line not in written:
                written.add(line)
                yield f"{line}\n".encode()


def _line(whole: Whole, path: list[list[int]]) -> str:
    said: list[dict[str, str]] = []
    for numbers in path:
        rows = [whole.messages[number - 1] for number in numbers]
        role, state, text = rows[0].role, rows[-1].state, "".join(row.text for row in rows)
        if role == "assistant" and text and state != "complete":
            break
        if role not in ("user", "assistant") or state == "blocked" or not text.strip():
            continue
        if said and said[-1]["role"] == role:
            said[-1]["content"] += f"\n\n{text}"
        else:
            said.append({"role": role, "content": text})
    while said and said[-1]["role"] != "assistant":
        said.pop()
    if not said:
        return ""
    if system := heading_of(whole).system.strip():
        said.insert(0, {"role": "system", "content": system})
    line = json.dumps({"messages": said}, ensure_ascii=False)
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
