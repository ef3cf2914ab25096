"""Tools for authors of adapters: recorder, expected results and scaffold; and the demo, which plays recordings."""
