"""`pars contracts`: the DAO's deployment, from Ape's networks and accounts."""
