"""Builds the roster and the files that travel with it."""
