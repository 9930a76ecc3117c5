"""A list of hooks: who brought them, what their code was, what they are said to do."""
