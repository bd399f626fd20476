"""What the server says and does around a conversation that is handed on, parked or wrapped up."""
