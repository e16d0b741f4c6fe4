"""What commands share at the terminal: arguments, questions, messages."""
