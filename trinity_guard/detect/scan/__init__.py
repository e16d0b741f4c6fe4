"""What pickles would build and call, read from their opcodes and never loaded; and whether that is known harmless."""
