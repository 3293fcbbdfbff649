"""The outside world, one `<technology>_<role>.py` each."""
