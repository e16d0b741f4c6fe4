"""The owner's view: what Git holds, what DVC holds, what grows, as one page of HTML."""
