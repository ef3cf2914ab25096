"""Read documents: certificates, letters, tables, mails and pictures. Confined processes read hostile files."""
