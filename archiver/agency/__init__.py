"""The agency's daily work: accounts, clients, the nightly run, messages, reports, and health checks of a home."""
