"""What many sources say together, and what one source said over time.

`statistics.py` is the arithmetic, `sources.py` what several feeds answer, `composites.py` feeds
made of feeds, `pools.py` ticks of pools over time, `contract.py` speaks ABI.
"""
