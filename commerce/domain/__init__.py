"""The nouns of the shop: frozen values and tables of legal moves. No input or output."""
