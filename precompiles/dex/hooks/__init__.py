"""What the address of a hook permits, and the search for a salt that gives such an address."""
