"""What a tag may be."""

COLOURS = ("blue", "green", "orange", "red", "violet", "yellow", "gray")
"""Those that every theme has."""
LONGEST_TAG = 40  # characters
