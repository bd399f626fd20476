"""Patchbay's router: what decides and remembers. Channels and screens live in their own packages."""
