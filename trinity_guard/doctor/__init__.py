"""What may be set up wrongly, one check a function: ok, warning or error, the reason, the command that mends it."""
