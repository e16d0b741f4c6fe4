"""What changed inside artifacts between two commits, or since one: tables, arrays, models, directories."""
