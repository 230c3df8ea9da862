"""A word when a reply passes a mark of a limit: half of it, most of it, all of it."""

from typing import TYPE_CHECKING

from chatbot.core.errors import StoreError

if TYPE_CHECKING:
    from chatbot.engine.engine import Engine


class Marks:
    """Where the limits stood before a reply. Without a limit this is one look-up."""

    def __init__(self, engine: "Engine", conversation: str | None, model: str) -> None:
        self._budgets = engine.ledger.budgets
        self._model = model
        try:
            self._any = bool(self._budgets.all())
            self._before = self._budgets.standings(conversation=conversation, model=model) if self._any else []
        except StoreError:
            self._any = False  # the reply itself says what is wrong with the history

    def passed(self, conversation: str | None) -> list[str]:
        """A sentence for each mark that was passed since."""
        if not self._any:
            return []
        from chatbot.core.budgets import passed, warning

        try:
            after = self._budgets.standings(conversation=conversation, model=self._model)
        except StoreError:
            return []
        return [warning(standing) for standing in passed(self._before, after)]
