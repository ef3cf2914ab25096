"""Collect licences: read an account's history, run many accounts, import files, and capture pages by hand."""
