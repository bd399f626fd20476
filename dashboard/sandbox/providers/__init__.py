"""Providers as they behave towards us: real servers with a memory, shared by the sandbox and the tests."""
