"""Bytes to values and back: what a mail says, and how our mails are written."""
