"""On whose account a call goes: its conversation, its connection, and the ledger that keeps it."""

from collections.abc import Callable
from dataclasses import dataclass

from chatbot.core.budgets import Standing
from chatbot.core.events import Purpose
from chatbot.store.lease import Owner
from chatbot.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """`conversation` and `reply` None: nobody's, as in a temporary chat."""

    ledger: Ledger
    process: Owner
    connection: str
    base_url: str
    conversation: str | None = None
    reply: int | None = None
    instead_of: str | None = None
    """The chat's own model, where the calls go to another one in its place."""
    noted: Callable[[int], None] | None = None
    """Told of each call's id, where the ledger does not say whose it is."""

    def sent(self, model: str, *, purpose: Purpose, input_estimate: int, most: int = 0) -> int:
        """Record that a request is about to leave; gives the call's id. OverBudget as in `Ledger.sent`."""
        call = self.ledger.sent(
            conversation=self.conversation,
            reply=self.reply,
            purpose=purpose,
            connection=self.connection,
            base_url=self.base_url,
            model=model,
            input_estimate=input_estimate,
            process=self.process,
            most=most,
            instead_of=self.instead_of,
        )
        if self.noted is not None:
            self.noted(call)
        return call

    def standings(self, model: str) -> list[Standing]:
        """Where the budgets stand that a call to this model would concern."""
        return self.ledger.budgets.standings(conversation=self.conversation, model=model)
