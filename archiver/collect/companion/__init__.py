"""The browser extension and its way in: pairing, captures, filing, and what adapters declare for it."""
