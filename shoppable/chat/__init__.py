"""The shop's side of the web chat: who is talking; what they say goes into the inbox, what they hear is the thread."""
