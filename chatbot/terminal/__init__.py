"""ByteBot in a terminal."""
