"""The turn: messages in, events out, recorded before they are shown."""
