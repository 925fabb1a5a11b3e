"""The things to wear in a photo: where they may be, what each is, and which of them to believe."""
