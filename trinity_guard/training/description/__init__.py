"""What is written beside any model: what it is, by what it was made, how good it was said to be."""
