"""The door to the models: what their servers speak ends here."""
