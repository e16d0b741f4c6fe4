"""A training table: made, read, checked."""
