"""Untrusted bytes to safe pixels, in a child process that may be killed."""
