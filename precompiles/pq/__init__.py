"""Post-quantum key encapsulation and signatures."""
