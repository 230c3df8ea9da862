"""A page of nothing but the comparison with a provider's bill, for tests."""

import streamlit as st

from chatbot.ui import reconcile, session

st.set_page_config(layout="wide")
st.title("Costs")
reconcile.draw(session.engine(), session.home())
