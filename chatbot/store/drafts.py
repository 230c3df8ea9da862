"""What has arrived of a reply that is still being written."""

from sqlalchemy import Connection, select

from chatbot.store.tables import drafts


def joined_draft(connection: Connection, owner: str, reply: int) -> tuple[str, str]:
    """Its text and its reasoning so far."""
    pieces = connection.execute(
        select(drafts.c.text, drafts.c.reasoning)
        .where(drafts.c.owner == owner, drafts.c.reply == reply)
        .order_by(drafts.c.id)
    ).all()
    return "".join(piece.text for piece in pieces), "".join(piece.reasoning for piece in pieces)
