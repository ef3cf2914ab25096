"""One home folder: its settings, secrets, network and locks."""
