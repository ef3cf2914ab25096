"""The product's types and errors, and the helpers for files, mail and YAML that all other packages use."""
