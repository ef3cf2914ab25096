"""Backups of a home: made while runs work, checked, and restored elsewhere."""
