"""What a file says, read by what it must be: a wrong type is an error that names its place, never a surprise later."""

import math
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from chatbot.core.errors import BadInput
from chatbot.core.text import repair, storable

MOST = 2**53
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


class Checked:
    """The fields of one object. `place` says where it stands: "chats.json, conversation 3, message 7"."""

    def __init__(self, value: Any, place: str) -> None:
        self.place = place
        if not isinstance(value, dict):
            raise BadInput(f"{place}: {shown(value)} should be an object.")
        self._value: dict[str, Any] = value

    def raw(self, name: str) -> Any:
        return self._value.get(name)

    def all(self) -> Mapping[str, Any]:
        return self._value

    def bad(self, name: str, what: str) -> BadInput:
        return BadInput(f"{self.place}, {name}: {shown(self._value.get(name))} {what}.")

    def text(self, name: str) -> str:
        found = self._value.get(name, "")
        if not isinstance(found, str):
            raise self.bad(name, "should be a text")
        return repair(found)

    def text_or_none(self, name: str) -> str | None:
        return None if self._value.get(name) is None else self.text(name)

    def one_of(self, name: str, known: Collection[str], default: str | None = None) -> Any:
        found = self._value.get(name, default)
        if not isinstance(found, str) or found not in known:
            raise self.bad(name, f"is none of {', '.join(known)}")
        return found

    def yes(self, name: str) -> bool:
        found = self._value.get(name, False)
        if not isinstance(found, bool):
            raise self.bad(name, "should be true or false")
        return found

    def whole(self, name: str, default: int | None = None, *, least: int = 0, most: int = MOST) -> int | None:
        found = self._value.get(name, default)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            raise self.bad(name, f"should be a whole number from {least} to {most}")
        return found

    def number(self, name: str) -> float | None:
        found = self._value.get(name)
        if found is None:
            return None
        if (
            isinstance(found, bool)
            or not isinstance(found, int | float)
            or abs(found) > MOST
            or not math.isfinite(found)
        ):
            raise self.bad(name, "should be a number")
        return float(found)

    def list(self, name: str) -> list[Any]:
        found = self._value.get(name, [])
        if not isinstance(found, list):
            raise self.bad(name, "should be a list")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.list(name)
        if not all(isinstance(one, str) for one in found):
            raise self.bad(name, "should be a list of texts")
        return tuple(map(repair, found))

    def object_or_none(self, name: str) -> Mapping[str, Any] | None:
        found = self._value.get(name)
        if found is not None and not isinstance(found, dict):
            raise self.bad(name, "should be an object")
        kept: Mapping[str, Any] | None = storable(found)
        return kept

    def inside(self, name: str) -> "Checked":
        """The object of that name; an empty one where there is none."""
        found = self._value.get(name)
        return Checked({} if found is None else found, f"{self.place}, {name}")

    def moment(self, name: str) -> datetime:
        found = self.moment_or_none(name)
        if found is None:
            raise self.bad(name, "should be a time, such as 2026-11-25T09:30:00Z")
        return found

    def moment_or_none(self, name: str) -> datetime | None:
        found = self._value.get(name)
        if found is None:
            return None
        try:
            when = datetime.fromisoformat(found) if isinstance(found, str) else None
            if when is not None and when.tzinfo is not None and _FIRST <= when < _LAST:
                return when.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self.bad(name, "should be a time, such as 2026-11-25T09:30:00Z")


def seconds(found: object) -> datetime | None:
    """A time given in seconds since the epoch; None for what is none.

    >>> seconds(1764063000.5), seconds(1e99)
    (datetime.datetime(2025, 11, 25, 9, 30, 0, 500000, tzinfo=datetime.timezone.utc), None)
    """
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < _LAST.timestamp():
        return None
    return datetime.fromtimestamp(found, UTC)


def each(values: list[Any], place: str, what: str) -> Iterator[Checked]:
    return (Checked(value, f"{place}, {what} {number}") for number, value in enumerate(values, start=1))


def shown(value: object) -> str:
    """A value in an error, short."""
    text = (
        repr(repair(value)) if isinstance(value, str) else repr(value) if not isinstance(value, dict | list) else "this"
    )
    return text if len(text) <= 40 else f"{text[:39]}…"
