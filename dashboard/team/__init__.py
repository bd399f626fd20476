"""The team as those who supervise see it: who is there, with what, since when; and their skills."""
