"""What computes here, and what was passed over: `pars doctor`."""
