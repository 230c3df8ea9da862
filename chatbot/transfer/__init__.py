"""Exports: pure, streaming, one file per format."""
