"""Versions of models, and where they came from."""
