"""The verification campaign: random settings of every regime, judged by exact theory, an independent twin,
enumeration of whole laws, limits in which regimes coincide, and published numbers; then its own power and size.

`python tests/verification/campaign` runs it all, writes a table and figures, and passes or fails by itself.
"""
