"""The time zone of this machine, by its name."""

from zoneinfo import ZoneInfo


def zone_name() -> str:
    """Such as "Europe/Berlin"; "UTC" where the system does not name one. Source: tzlocal."""
    import tzlocal

    try:
        name = tzlocal.get_localzone_name()
        ZoneInfo(name or "UTC")
    except (LookupError, OSError, ValueError):
        return "UTC"
    return name or "UTC"
