"""The chat that Streamlit's own tutorial leads to: what ours is measured against."""

import os

import streamlit as st
from openai import OpenAI

MODEL = os.environ["BENCH_MODEL"]
EARLIER = int(os.environ.get("BENCH_MESSAGES", "0"))

st.title("Chat")
client = OpenAI()
if "messages" not in st.session_state:
    st.session_state.messages = [
        {"role": "assistant" if at % 2 else "user", "content": f"Message {at}. " + "Some words of it. " * 20}
        for at in range(EARLIER)
    ]
for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])
if prompt := st.chat_input("Say something"):
    st.session_state.messages.append({"role": "user", "content": prompt})
    with st.chat_message("user"):
        st.markdown(prompt)
    with st.chat_message("assistant"):
        stream = client.chat.completions.create(model=MODEL, messages=st.session_state.messages, stream=True)
        answer = st.write_stream(stream)
    st.session_state.messages.append({"role": "assistant", "content": answer})
