"""Evidence that outlives the software: OCFL objects, a hash-chained ledger, signed and timestamped checkpoints."""
