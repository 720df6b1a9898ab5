"""The learner of n-grams: models of texts, which write texts.

A text is a *ring*: its last token is followed by its first. So every context of a text has a continuation, and a model
that copies from a text never reaches a context without one. In return, up to ``order`` n-grams where two ends meet, at
the end of a text or between two documents, may be new.
"""
