"""From a letter to an answer: the claim, the licence, the verdict on its use, the pack, and drafts of letters."""
