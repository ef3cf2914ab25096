"""Every way in: one account's history, a run of many accounts, imported files, and pages that a person browses."""
