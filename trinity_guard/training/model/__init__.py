"""The model: examples, split, forest, search, figures, what it says of pages."""
