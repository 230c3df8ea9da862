"""The chat: what was said, what is being said, and the input."""

import streamlit as st

from chatbot.ui import (
    conversation,
    first_model,
    first_run,
    forecast,
    fresh,
    head,
    note,
    session,
    sidebar,
    silence,
    suggestions,
)
from chatbot.ui.callbacks import INPUT, send
from chatbot.ui.open_chat import at_address, current, keep_address, look, put_back
from chatbot.ui.seats import seat
from chatbot.ui.session import engine_of

session.guard("pages/chat.py")
engine, home = session.engine(), session.home()
defaults = home.default_options()

opened = at_address(defaults)
view = look(engine_of(opened), opened, defaults)
chat = current()
talk = engine_of(chat)  # of a temporary chat it is another one than that of the history
keep_address(chat)
first_model.take(engine, chat)

beside = sidebar.draw(engine, chat, view)
title = head.draw(view.conversation if view else None, chat)
first_run.notice(seat(chat.seats, "first run", chat.options.connection), chat.options)
column = st.container(key="messages")
silent = silence.words(chat, view)
note.draw(chat, silent)
# Before the replies are followed: what comes after them in the script is only there when they have ended.
if said := put_back(chat, view):
    st.session_state[INPUT] = said
st.chat_input("Message ByteBot", key=INPUT, on_submit=send, submit_mode="submit")
ahead = forecast.place(chat)
if view is None:
    suggestions.draw(column, chat)
else:
    conversation.draw(column, view, chat, talk, beside.spent)
    if view.live:
        beside.spent.look(chat, view)
forecast.fill(ahead, talk, chat)
if view is not None and title is not None and fresh.await_name(talk, view, title, beside.name):
    beside.spent.look(chat, view)  # the name had its price, too
fresh.watch()
silence.wait(chat, view, silent)
first_model.wait(chat)
