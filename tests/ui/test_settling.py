"""Coming to a page: while its widgets may still be on their way to the browser, little is drawn anew."""

from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from chatbot.ui import session

    session.entered()
    session.guard(f"pages/{st.session_state.get('to', 'chat')}.py")
    st.write(f"{session.settling(60)}, {session.settling(0)}")


def test_only_the_run_that_comes_to_a_page_settles() -> None:
    page = AppTest.from_function(_page).run()
    seen = [page.markdown[0].value]
    seen.append(page.run().markdown[0].value)
    page.session_state["to"] = "costs"
    seen.append(page.run().markdown[0].value)
    seen.append(page.run().markdown[0].value)
    assert seen == ["True, False", "False, False", "True, False", "False, False"]
