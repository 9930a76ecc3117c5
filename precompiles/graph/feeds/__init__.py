"""Oracle feeds: reports that a quorum signed, and what contracts read of them.

`contract.py` speaks ABI, `store.py` is the storage and what others may read of it, `report.py` is
what a report says and hashes to, `signers.py` who may sign it.
"""
