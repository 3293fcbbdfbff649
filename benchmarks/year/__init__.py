"""A year in the life of the list, by an injected clock: the real program, and made-up people who answer its mails."""
