"""A conversation as a file, read and written when it is asked for and not before."""

from chatbot.engine.engine import Engine
from chatbot.engine.exports import FORMATS, written
from chatbot.store.values import Conversation
from chatbot.transfer.values import Heading, file_name
from chatbot.ui.export_form import Form


def file(engine: Engine, conversation: str, head: int | None, form: Form) -> bytes:
    """The file; where people read it, of the branch that ends in `head`, or of all."""
    wholes = [engine.store.wholes.get(conversation, head=head)]
    return b"".join(written(wholes, form.format, branches=form.branches, raw=form.raw))


def name(conversation: Conversation, format: str) -> str:
    """What the file is called."""
    heading = Heading(id=conversation.id, title=conversation.title, created=conversation.created)
    return file_name(heading, FORMATS[format].ending)
