"""Benchmarks that print ratios from one run, against a baseline named in the output. Nothing here is a test."""
