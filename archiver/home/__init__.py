"""One home folder: its settings, secrets and network, and how a client's archive is opened for writing."""
