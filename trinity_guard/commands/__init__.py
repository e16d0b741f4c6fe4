"""One file a command: `run(args: list[str]) -> int`."""
