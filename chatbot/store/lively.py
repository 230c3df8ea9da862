"""Whether a conversation is being answered now, and whether it was answered since somebody looked: as SQL."""

from sqlalchemy import and_, exists, or_

from chatbot.store.tables import conversations, leases, messages

live = exists().where(
    leases.c.conversation == conversations.c.id, messages.c.id == leases.c.reply, messages.c.trash.is_(None)
)
unseen = and_(
    conversations.c.answered.is_not(None),
    or_(conversations.c.seen.is_(None), conversations.c.seen < conversations.c.answered),
)
