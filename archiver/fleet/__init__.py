"""An archive beyond one machine: its replica in an object store with a compliance lock."""
