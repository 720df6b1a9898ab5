"""Processes: one Markov chain on models, which joins a learner to a regime."""
