"""The comparison as text for a terminal, as Markdown for forges, and as json for programs."""
