"""The link between nodes over Redis or Valkey: streams for batches and questions, channels for answers and hints."""
