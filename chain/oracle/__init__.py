"""`pars oracle`: a reporter observes, signs with others, and brings a report to a node."""
