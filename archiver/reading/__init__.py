"""Bytes become facts: certificates, letters, tables, mails, pictures. Hostile files are read in confined processes."""
