"""What the EVM takes for touching the state since Berlin: for the core and precompiles' hosts."""

GAS_WARM = 100
GAS_COLD_ACCOUNT = 2600
GAS_COLD_SLOT = 2100
GAS_SENTRY = 2300  # EIP-2200: a frame with no more than the stipend may not write.
GAS_SET = 20_000
GAS_RESET = 5000 - GAS_COLD_SLOT
GAS_CLEARS_REFUND = 4800  # EIP-3529
GAS_CALL_VALUE = 9000
GAS_STIPEND = 2300
GAS_NEW_ACCOUNT = 25_000
GAS_LOG = 375
GAS_LOG_BYTE = 8
GAS_COPY_WORD = 3
