"""The only files that name a native library. Each takes and returns bytes or integers."""
