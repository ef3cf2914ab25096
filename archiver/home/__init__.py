"""One home folder: its settings, secrets and network, and opening a client's archive for writing."""
