"""Make a repository guarded, and take it all out again."""

# All hooks of ours, in the order in which they are named.
HOOKS = (
    "pre-commit", "pre-merge-commit", "pre-applypatch", "post-commit", "pre-push", "post-checkout", "post-merge",
    "post-rewrite",
)  # fmt: skip
