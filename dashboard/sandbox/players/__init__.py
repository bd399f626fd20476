"""One player per channel: turns what a customer does on the page into what the provider would send, and back."""
