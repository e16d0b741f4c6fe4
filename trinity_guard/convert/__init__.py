"""Staged artifacts become pointers, in one transaction: writes, ignore lines, the journal, recovery."""
