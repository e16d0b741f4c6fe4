"""DVC remotes: a folder, or a service behind a process of its own; check, credentials, trust."""
