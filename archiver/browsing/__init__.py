"""Chromium and HTTP under the guard: sessions, captures, pages that a person browses, recordings and their replay."""
