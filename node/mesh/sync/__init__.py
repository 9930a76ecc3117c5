"""How two holders of one history find out what each lacks, at a cost that follows the difference.

`Exchange` is a comparison between two nodes that hear each other; `sketch` is for media that carry
bytes one way only. Formats and costs are in docs/sync.md.
"""
