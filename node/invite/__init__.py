"""Meeting out of band: a short code on a screen, on paper or in a tag, and what follows from it.

The code holds no keys, which do not fit: an id that the keys prove, and a secret that is used once.
"""
