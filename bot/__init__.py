"""Conversations: messages from any channel in, replies out."""
