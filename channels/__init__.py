"""What speaks to the world: one file (or folder) per channel, found by its name. No list of channels anywhere."""
