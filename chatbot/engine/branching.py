"""A branch as a conversation of its own: what was said up to a message, to go on with beside the one it comes from."""

import uuid
from dataclasses import replace

from chatbot.core.errors import NotFound
from chatbot.core.whole import GONE, Whole
from chatbot.store.rows import now
from chatbot.store.store import Store

_TITLE = 180  # characters of the title that are taken over


def branch(store: Store, conversation: str, message: int) -> str:
    """Copy the path from the root to the message into a new conversation; gives its id. NotFound where it is not there.

    What the replies cost stays with the conversation that paid for them.
    """
    tree = store.conversations.tree(conversation)
    if message not in tree.by_id:
        raise NotFound("That message is not there any more. Somebody may have deleted it.")
    return store.wholes.add(_alone(store.wholes.get(conversation, head=message))).id


def _alone(whole: Whole) -> Whole:
    """The path to its head, numbered anew, and nothing else."""
    path: list[int] = []
    at = whole.head
    while at:
        path.append(at)
        at = whole.messages[at - 1].parent
    path.reverse()
    new = {old: number for number, old in enumerate(path, 1)}
    messages = tuple(
        found._replace(
            parent=new[found.parent] if found.parent else None,
            sent=tuple(None if one is None else new.get(one, GONE) for one in found.sent),
            starred=False,
        )
        for found in (whole.messages[old - 1] for old in path)
    )
    moment = now()
    return replace(
        whole,
        source=f"bytebot:branch-{uuid.uuid4().hex}",
        title=f"{whole.title[:_TITLE]} (branch)" if whole.title else "",
        pinned=False,
        archived=None,
        created=moment,
        updated=moment,
        head=len(messages),
        messages=messages,
        calls=(),
    )
