"""The bot of the people in the store: cards of what is to be collected, and conversations with shoppers (README.md)."""
