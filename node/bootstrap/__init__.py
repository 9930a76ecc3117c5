"""How a node that knows nobody finds the first others: four levels, none of them needed.

`plan` says which level is tried when; the others are one file each. Nothing here proves who a node
is: the link that is dialled does.
"""
