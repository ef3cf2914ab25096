"""An agency and its clients: accounts, on- and offboarding, the night, alerts, reports, and the health of a home."""
