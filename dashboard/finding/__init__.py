"""What an agent looks for while writing and working: saved replies, colleagues, conversations by their words."""
