"""`pars session`: the user's side of the daemon, by its control interface alone."""
