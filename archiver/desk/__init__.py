"""The desk: the web interface for people who receive letters. It adds no logic of its own."""
