"""Teaching an encoder a shop's own catalogue. No database, no shop: pictures and words in, a fit or a refusal out."""
