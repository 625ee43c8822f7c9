"""Promo material: what there is, where it is, and who was handed what."""
