"""The help page: articles as the team writes them at the desk, and as everybody reads them at /help."""
