"""The words of the product as types, its errors, and the files, mails and YAML that every other room needs."""
