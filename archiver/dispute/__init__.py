"""The dispute: a letter becomes a claim, a picture finds its licence, rules say whether that covers the use, and a pack
proves it. All of it is working papers (`proof/claims.py`) until a person enters a paper into evidence.
"""
