"""Attention: scores, weights and context, additive or by dot products, in one head or many."""
