"""What belongs to one site and is no event: its key, its references, its files, its accounts."""
