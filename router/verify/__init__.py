"""Folds a journal with its own small code and says what is wrong. Imports no engine, state, evolve or matching."""

from router.verify.evidence import Evidence
from router.verify.findings import Finding, Report
from router.verify.run import verify

__all__ = ["Evidence", "Finding", "Report", "verify"]
