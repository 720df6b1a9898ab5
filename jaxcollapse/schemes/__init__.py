"""Schemes: how a batch of chains is advanced. Code that is fast for models of one form belongs here, and only here."""
