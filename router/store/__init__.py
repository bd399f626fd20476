"""What remembers: the port (`port.py`) and the databases behind it. Every row carries its site."""
