"""What was learned about servers' tastes in parameters."""

from sqlalchemy import select

from chatbot.store.database import Database
from chatbot.store.rows import now, repaired
from chatbot.store.tables import quirks


class LearnedQuirks:
    """Remembered per base URL and model, across restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, base_url: str, model: str) -> dict[str, str | None]:
        """Parameter to its new name; None means that it has to go."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(quirks.c.parameter, quirks.c.instead).where(
                    quirks.c.owner == self._database.owner,
                    quirks.c.base_url == repaired(base_url),
                    quirks.c.model == repaired(model),
                )
            )
            return {row.parameter: row.instead for row in rows}

    def learn(self, base_url: str, model: str, parameter: str, instead: str | None) -> None:
        """Remember it; what is learned later about the same parameter replaces it."""
        row = {
            "owner": self._database.owner,
            "base_url": repaired(base_url),
            "model": repaired(model),
            "parameter": repaired(parameter),
        }
        fresh = {"instead": repaired(instead), "learned": now()}
        insert = self._database.insert(quirks).values(**row, **fresh)
        with self._database.write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=list(row), set_=fresh))
