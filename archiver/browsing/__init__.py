"""Guarded access with Chromium and HTTP: sessions, captures, attended browsing, recordings and their replay."""
