"""One process: its floors, its leadership, its tasks, its edge. Knows everyone but decides nothing."""
