"""Faults on purpose: the service is killed, starved and lied to, and every mail is then accounted for."""
