"""The encoders: one file each, one line in `registry.py`."""
