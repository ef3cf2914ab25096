"""For authors of adapters: recorder, golden results, scaffold; and the demo, which plays recordings."""
