"""What members of a group compute off the chain. Randomness is given; nothing is sent or kept."""
