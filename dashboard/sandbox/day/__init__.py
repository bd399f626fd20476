"""A day of synthetic customers and agents, as a process of its own: by the public API and the sandbox's page only."""
