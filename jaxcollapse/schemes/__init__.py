"""Schemes: how a batch of chains is advanced. The one place where speed may know what a model is made of."""
