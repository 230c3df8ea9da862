"""Conversations out of the store, one after the other, into whatever file they go to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chatbot.core.whole import Whole
from chatbot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """`people`: made to be read, so that it holds the open branch unless all are asked for."""

    name: str
    ending: str
    mime: str
    people: bool = False
    apart: bool = False
    """A file for each conversation; several are zipped."""

    @property
    def short(self) -> str:
        """Its name where it is plain whose it is."""
        return self.name.removeprefix("ByteBot's ")


FORMATS = {
    "zip": Format(name="ByteBot's zip", ending="zip", mime="application/zip"),
    "json": Format(name="ByteBot's JSON", ending="json", mime="application/json"),
    "chatgpt": Format(name="ChatGPT's conversations.json", ending="json", mime="application/json"),
    "md": Format(name="Markdown", ending="md", mime="text/markdown", people=True, apart=True),
    "html": Format(name="HTML", ending="html", mime="text/html", people=True),
    "csv": Format(name="CSV", ending="csv", mime="text/csv", people=True),
    "jsonl": Format(name="JSONL for fine-tuning", ending="jsonl", mime="application/jsonl", people=True),
}
"""By the word that stands for each on the command line."""


def wholes_of(store: Store, ids: Sequence[str] = ()) -> Iterator[Whole]:
    """These conversations, or all, the oldest first. NotFound for one of `ids`, before anything is given.

    Of all, one that is deleted meanwhile is left out.
    """
    for id in ids:
        store.conversations.get(id)
    return store.wholes.several(ids) if ids else store.wholes.several(store.wholes.ids(), missing_ok=True)


class Contents:
    """What goes into a file of this format. Where people read it, without `branches`, that is the open branch of each."""

    def __init__(self, format: str, *, branches: bool) -> None:
        self._open_only = FORMATS[format].people and not branches
        self.conversations = self.messages = self.left_out = 0

    def all(self, wholes: Iterable[Whole]) -> Iterator[Whole]:
        """Let them through."""
        from chatbot.transfer.reading import beside

        for whole in wholes:
            left = beside(whole) if self._open_only else 0
            self.conversations += 1
            self.messages += whole.count - left
            self.left_out += left
            yield whole

    @property
    def limits(self) -> str:
        """What is not in the file, in words; "" where everything is."""
        from chatbot.transfer.reading import not_in_file

        return not_in_file(self.left_out) if self.left_out else ""


def written(
    wholes: Iterable[Whole], format: str, *, branches: bool = False, raw: bool = False, zipped: bool = False
) -> Iterator[bytes]:
    """The file in pieces; nothing of it is held. `format` is one of FORMATS.

    `branches`: all of them where people read it; `raw`: cells of CSV as they are; `zipped`: Markdown for several.
    """
    # Each is imported only when it is asked for.
    from chatbot.transfer.reading import entries_of, heading_of

    now = datetime.now(UTC)
    if format == "md":
        from chatbot.transfer.markdown import to_markdown
        from chatbot.transfer.values import file_name
        from chatbot.transfer.zip_file import to_zip_of

        files = (
            (
                file_name(heading_of(one), "md"),
                to_markdown(heading_of(one, branches=branches), entries_of(one, branches=branches)),
            )
            for one in wholes
        )
        yield from to_zip_of(files, now=now) if zipped else (piece for _, pieces in files for piece in pieces)
    elif format == "csv":
        from chatbot.transfer.csv_file import many_to_csv

        yield from many_to_csv(((heading_of(one), entries_of(one, branches=branches)) for one in wholes), raw=raw)
    elif format == "html":
        from chatbot.transfer.html_file import to_html

        yield from to_html(wholes, branches=branches)
    elif format == "jsonl":
        from chatbot.transfer.jsonl import to_jsonl

        yield from to_jsonl(wholes, branches=branches)
    elif format == "chatgpt":
        from chatbot.transfer.chatgpt_file import to_chatgpt

        yield from to_chatgpt(wholes)
    else:
        from chatbot.transfer.json_file import to_json
        from chatbot.transfer.zip_file import to_zip

        yield from (to_zip if format == "zip" else to_json)(wholes, now=now)
