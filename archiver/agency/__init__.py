"""The agency's daily work: accounts, clients, the night, messages, reports, checks of a home, audits of sites."""
