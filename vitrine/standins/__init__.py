"""Stand-ins for outside services, on this machine: rehearsals, tests and proofs talk to them as to the real ones."""
