"""The pure core: commands in, events out. No clock, no network, no randomness, no files."""
