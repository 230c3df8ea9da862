"""A conversation of another app becoming one of ours, message by message, parents first."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chatbot.core.errors import BadInput
from chatbot.core.messages import Role, State
from chatbot.core.tag import LONGEST_TAG
from chatbot.core.text import repair
from chatbot.core.whole import WholeMessage
from chatbot.transfer.checked import Checked, seconds
from chatbot.transfer.markdown import fenced

MOST_NODES = 200_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_SOURCE, LONGEST_TITLE = 300, 200
_GRAY = "gray"
# What stands for "no parent" there: nothing, zeros, and Claude's number for the root.
_ROOT = re.compile(r"[0-]*|0{8}-0{4}-40{3}-80{3}-0{12}")


class Growing:
    """What has no words has no message: what hangs below it hangs below its parent then.

    `lost` counts what of the conversation has no place here, by what it is called.
    """

    def __init__(self, app: str) -> None:
        """`app`: where it comes from; it stands as the connection of its replies."""
        self.messages: list[WholeMessage] = []
        self.lost: Counter[str] = Counter()
        self._app = app
        self._numbers: dict[str | None, int | None] = {None: None}
        self._thoughts: dict[str | None, str] = {}

    def number(self, key: str | None) -> int | None:
        """Of its message, or of the nearest one above that has one; None at the root, and where there is no such key."""
        return self._numbers.get(key)

    @property
    def head(self) -> int | None:
        """The last one."""
        return len(self.messages) or None

    def skip(self, key: str, parent: str | None, *, thoughts: str = "", keeps: bool = True) -> None:
        """Nothing of it is a message. What was thought goes to the words that follow, unless a person speaks between."""
        self._numbers[key] = self._numbers[parent]
        found = joined(self._thoughts.get(parent, "") if keeps else "", thoughts)
        if found:
            self._thoughts[key] = found

    def add(
        self,
        key: str,
        parent: str | None,
        role: Role,
        text: str,
        *,
        created: datetime,
        thoughts: str = "",
        model: str | None = None,
        state: State = "complete",
        finish_reason: str | None = None,
        **more: Any,
    ) -> None:
        above = self._numbers[parent]
        reply = role == "assistant"
        # There, one reply is often several messages, with tools between them; here they are its segments.
        goes_on = reply and above is not None and self.messages[above - 1].role == "assistant"
        self.messages.append(
            WholeMessage(
                parent=above,
                role=role,
                state=state,
                continues=goes_on,
                created=created,
                finished=created if reply else None,
                text=f"\n\n{text}" if goes_on and text else text,
                reasoning=joined(self._thoughts.get(parent, ""), thoughts) if reply else "",
                connection=self._app if reply else None,
                model_asked=model,
                model_answered=model,
                finish_reason=finish_reason,
                **more,
            )
        )
        self._numbers[key] = len(self.messages)

    def told(self) -> tuple[str, ...]:
        """What was left out, in words."""
        return tuple(f"left out: {what} ({count:,})" for what, count in self.lost.items())


def in_order(
    place: str, parents: Mapping[str, str | None], listed: Mapping[str, Sequence[str]], lost: Counter[str]
) -> Iterator[tuple[str, str | None]]:
    """(key, parent's key) of each, parents first, branches in the order in which they are listed.

    The files of other apps have loose ends, where something was deleted. A message whose parent is not there begins a
    branch of its own, and of the lists of children only the order counts; both are counted in `lost`. BadInput where
    messages go round in a circle.
    """
    if len(parents) > MOST_NODES:
        raise BadInput(f"{place}: more than {MOST_NODES:,} messages; that is no conversation.")
    parents = dict(parents)
    for key, parent in parents.items():
        if parent is not None and parent not in parents:
            parents[key] = None
            if not _ROOT.fullmatch(parent):
                lost["place of a message whose parent is not in the file"] += 1
    children: dict[str | None, list[str]] = {None: [], **{key: [] for key in parents}}
    for key, names in listed.items():
        for child in dict.fromkeys(names):
            if child in parents and parents[child] == key:
                children[key].append(child)
            else:
                lost["link to a message that is not in the file or hangs elsewhere"] += 1
    there = {key: set(names) for key, names in children.items()}
    for key, parent in parents.items():
        if parent is None or key not in there[parent]:  # some writers leave the children out
            children[parent].append(key)
    given = 0
    ahead = list(reversed(children[None]))
    while ahead:
        key = ahead.pop()
        given += 1
        yield key, parents[key]
        ahead.extend(reversed(children[key]))
    if given != len(parents):
        raise BadInput(f"{place}: its messages go round in a circle. Export it again.")


def title_of(text: str | None) -> str:
    return " ".join((text or "").split())[:LONGEST_TITLE].strip()


def tags_of(names: object) -> tuple[tuple[str, str], ...]:
    """Tags out of a list of names, or of objects with a name; other things are none."""
    found: dict[str, tuple[str, str]] = {}
    for one in names if isinstance(names, list) else ():
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str) and (kept := " ".join(repair(name).split())[:LONGEST_TAG].strip()):
            found.setdefault(kept.casefold(), (kept, _GRAY))
    return tuple(found.values())


def moment(value: object) -> datetime | None:
    """A time as apps write it: seconds or milliseconds since the epoch, or ISO 8601; None for what is none.

    >>> moment(1764063000), moment(1764063000000) == moment("2025-11-25T09:30:00Z")
    (datetime.datetime(2025, 11, 25, 9, 30, tzinfo=datetime.timezone.utc), True)
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return seconds(value) or seconds(value / 1000 if abs(value) < 1e300 else 0)
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value.strip())
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
            # Before 1970 is no time of a chat; the first second of it is what our own Markdown says where nobody knows.
            return found.astimezone(UTC) if found == EPOCH else seconds(found.timestamp()) and found.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    return None


def files_in(about: Checked, growing: Growing, *names: str) -> list[str]:
    """What stands in place of attached files: their words, where the export has them; else they are counted as lost."""
    found = []
    for name in names:
        for one in about.raw(name) if isinstance(about.raw(name), list) else ():
            file = one if isinstance(one, dict) else {}
            words, called = file.get("extracted_content"), file.get("file_name")
            if isinstance(words, str) and words.strip():
                called = " ".join(repair(called).split()) if isinstance(called, str) else ""
                found.append(joined(f"{called or 'attachment'}:", fenced(repair(words))))
                continue
            kind = str(file.get("type") or file.get("file_type") or "")
            what = "image" if kind.startswith("image") else "attachment"
            growing.lost[what] += 1
            found.append(f"[{what}]")
    return found


def joined(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))
