"""The commands, one module a room. Each has `register(app)`."""
