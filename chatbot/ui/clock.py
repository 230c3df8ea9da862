"""The reader's time zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st


def zone() -> tzinfo:
    """The browser's zone; UTC where it does not say, or says one that this machine does not know."""
    name = st.context.timezone
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def zone_name() -> str:
    """The zone by its name, such as "Europe/Berlin"."""
    return getattr(zone(), "key", "UTC")


def now() -> datetime:
    return datetime.now(zone())
