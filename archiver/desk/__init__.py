"""The desk: a page in the browser for the person who gets the letter. It adds no logic of its own."""
