"""The comparisons as text for a terminal, and as json for programs."""
