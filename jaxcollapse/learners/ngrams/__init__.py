"""Texts, models of n-grams, and how they write.

A text is a *ring*: its last token is followed by its first. So every context that a text has is followed by something
in it, and a model that copies never comes to a context that it does not know. The price is a seam: where two ends
meet, as many n-grams as the order may be new, in a text as where documents are joined.
"""
