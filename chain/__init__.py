"""The Pars chain: py-evm's rules, our precompiles, and everything between a socket and the state.

Start reading at `local_chain.py`: the one object that RPC, Ape and the tests see.
"""

import os

# eth-hash picks its backend once, at first import, and prefers the slowest one installed.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
