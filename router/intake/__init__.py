"""The way in: from a channel's door through the letterbox and the look-up to a command. Nothing is decided here."""
