"""Numbered rules, TG001 to TG014."""
