"""A provider's bill beside the ledger, out of dropped files or asked for with an admin key. Nothing of it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import BinaryIO

from chatbot.core.bill import Bill
from chatbot.core.billed import Billed, Statement, statement
from chatbot.core.cause import Explained, explained
from chatbot.core.errors import BadInput
from chatbot.core.reconcile import paired
from chatbot.core.settings import Connection, Secret
from chatbot.providers.address import host, is_loopback
from chatbot.providers.provider import Cancel
from chatbot.store.ledger import Ledger
from chatbot.transfer.provider_bill import open_bill

_HOSTS = {"OpenAI": "openai.com", "Anthropic": "anthropic.com", "OpenRouter": "openrouter.ai"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """Both bills by day in UTC and model, in order. Amounts are nano-dollars.

    `vendor`: whose bill it is, "" when it does not say; `connections`: those whose calls it was compared with;
    `others`: what it says in other currencies, in units of 10⁻⁹, compared with nothing.
    """

    vendor: str
    connections: tuple[str, ...]
    first: date
    last: date
    rows: tuple[Explained, ...]
    others: dict[str, int]
    money: bool

    @property
    def billed(self) -> int | None:
        return sum(row.pair.billed or 0 for row in self.rows) if self.money else None

    @property
    def counted(self) -> Bill:
        return sum((row.pair.ours.bill for row in self.rows if row.pair.ours), Bill())

    @property
    def difference(self) -> int | None:
        """At most so much where a call of ours has no price; None where none has one."""
        return None if self.billed is None or not self.counted.known else self.billed - self.counted.nanodollars

    @property
    def agreeing(self) -> int:
        """How many rows agree."""
        return sum(row.cause == "agrees" for row in self.rows)


def connections(ledger: Ledger) -> list[str]:
    """The names of the connections that were ever used and that somebody could bill, in order."""
    return sorted({name for name, base_url in ledger.addresses() if base_url})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBill:
    """An export that was read to its end. `vendor`: whose it is, "" when it does not say."""

    name: str
    vendor: str
    statement: Statement


def read_bill(file: BinaryIO, name: str) -> ReadBill:
    """What a file bills; the file is done with then. BadInput names the line and the field of what cannot be read."""
    bill = open_bill(file, name)
    return ReadBill(name=name, vendor=bill.vendor, statement=statement(bill.lines()))


def reconcile_bills(
    ledger: Ledger, bills: Sequence[ReadBill], *, connection: str | None = None, today: date | None = None
) -> Reconciled:
    """Compare exports with the calls over the vendor's connections, or over the one that is named.

    A cost export and a usage export of the same days are one bill. BadInput says what cannot be compared.
    """
    if not bills:
        raise BadInput("There is no bill to compare with. Drop a provider's cost or usage export.")
    whole = Statement()
    for number, bill in enumerate(bills):
        for other in bills[:number]:
            if place := bill.statement.twice(other.statement):
                what = f"{place[1] or 'the day'} on {place[0]}"
                raise BadInput(f"{other.name} and {bill.name} both bill {what}. Leave one of them out.")
        whole.join(bill.statement)
    vendors = sorted({bill.vendor for bill in bills} - {""})
    if len(vendors) > 1:
        raise BadInput(f"These are bills of {' and '.join(vendors)}. Compare them one after the other.")
    return _compared(ledger, whole, vendors[0] if vendors else "", connection, today)


def reconcile_online(
    ledger: Ledger,
    connection: Connection,
    key: Secret,
    *,
    first: date,
    last: date,
    alone: bool = False,
    today: date | None = None,
) -> Reconciled:
    """The same with what OpenAI itself says of these days to an admin key, which is used for this and forgotten.

    `connection` has the address; `alone`: compare with its calls, not with all at OpenAI's host. ProviderError when
    OpenAI does not say. The key goes to OpenAI and to nobody else: BadInput for another address.
    """
    from chatbot.providers.admin_costs import costs

    url = connection.base_url
    safe = url.startswith("https:") and (host(url) == "openai.com" or host(url).endswith(".openai.com"))
    if not safe and not is_loopback(url):
        raise BadInput(f"The connection {connection.name!r} is not OpenAI's own. An admin key is sent to OpenAI alone.")
    found = statement(costs(connection.name, url, key, first, last, Cancel()))
    for day in (first, last):
        found.add(Billed(day=day))
    # Through a proxy on this machine the calls are not at OpenAI's host.
    return _compared(ledger, found, "OpenAI", connection.name if alone or not safe else None, today)


def _compared(ledger: Ledger, bill: Statement, vendor: str, connection: str | None, today: date | None) -> Reconciled:
    chosen = _chosen(ledger.addresses(), vendor, connection)
    first, last = min(bill.covers), max(bill.covers)
    urls = {base_url for _, base_url in chosen}
    used = ledger.used(first, last, base_urls=urls, connection=connection)
    rows = explained(paired(bill, used), today or datetime.now(UTC).date())
    return Reconciled(
        vendor=vendor,
        connections=tuple(sorted({name for name, _ in chosen})),
        first=first,
        last=last,
        rows=tuple(rows),
        others=dict(sorted(bill.others.items())),
        money=bill.has_money,
    )


class WhoseBill(BadInput):
    """One of the connections `names` has to be chosen."""

    def __init__(self, sentence: str, names: Sequence[str]) -> None:
        super().__init__(sentence)
        self.names = names


def _chosen(addresses: Sequence[tuple[str, str]], vendor: str, connection: str | None) -> list[tuple[str, str]]:
    """The connections that the bill is of: the one that was named, else all at the vendor's host."""
    addresses = [(name, base_url) for name, base_url in addresses if base_url]
    if connection is not None:
        found = [(name, base_url) for name, base_url in addresses if name == connection]
        if not found:
            raise _unknown(f"ByteBot made no calls over a connection {connection!r}.", addresses)
        return found
    if vendor:
        found = [(name, base_url) for name, base_url in addresses if _is_at(base_url, _HOSTS[vendor])]
        if not found:
            raise _unknown(f"This is a bill of {vendor}, and ByteBot made no calls to {_HOSTS[vendor]}.", addresses)
        return found
    # A model on this machine sends no bill, unless nothing else was ever used.
    found = [(name, base_url) for name, base_url in addresses if not is_loopback(base_url)] or addresses
    if len({host(base_url) for _, base_url in found}) != 1:
        raise _unknown("This bill does not say whose it is.", addresses)
    return found


def _is_at(base_url: str, domain: str) -> bool:
    name = host(base_url)
    return name == domain or name.endswith(f".{domain}")


def _unknown(sentence: str, addresses: Sequence[tuple[str, str]]) -> BadInput:
    names = sorted({name for name, _ in addresses})
    if not names:
        return BadInput(f"{sentence} There is nothing to compare it with.")
    return WhoseBill(f"{sentence} Choose the connection that it is of: {', '.join(names)}.", names)
