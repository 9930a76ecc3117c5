"""`pars ai`: models from files to a chain. The work on models is done in `precompiles/ai/tools`."""
