"""How fast and how good, each figure beside its limit and a peer measured in the same run. See README.md."""
