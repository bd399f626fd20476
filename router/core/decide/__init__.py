"""Deciders: generators over read-only state. Each checks first, then yields events; the engine evolves between."""
