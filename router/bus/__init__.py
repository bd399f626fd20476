"""What moves between nodes; the database remembers, the bus only moves."""
