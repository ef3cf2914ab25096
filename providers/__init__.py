"""One file per platform; found through the entry-point group `archiver.providers`."""
