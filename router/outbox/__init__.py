"""The way out: effects by lane, lines that are followed live, texts filled in. Nothing is decided here."""
