"""Collect licences: read an account's history, run many accounts, import files, and take pages from a browser."""
