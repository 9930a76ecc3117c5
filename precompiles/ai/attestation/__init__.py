"""Whether a device that a vendor vouches for signed a report. See `contract.py`."""
