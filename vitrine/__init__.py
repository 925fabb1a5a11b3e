"""The front door: command line, demo, rehearsal, proofs."""
