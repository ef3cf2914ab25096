"""Site audit: the pictures in use on a client's site, and what the archives know of their licences."""
