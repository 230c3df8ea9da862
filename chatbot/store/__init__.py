"""The door to what is kept: conversations, turns and the ledger, on SQLite or PostgreSQL."""
