"""The proof of a migration; shares no code with the rewriting that it proves."""
