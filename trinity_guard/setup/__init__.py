"""Make a repository guarded, and take it all out again."""
