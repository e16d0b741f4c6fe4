"""What is an artifact, and whose is a path: patterns, first bytes, pickles (read, never loaded), owners."""
