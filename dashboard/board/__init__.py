"""The wallboard's server side: figures, what needs looking after, and read-only links. Nothing is decided here."""
