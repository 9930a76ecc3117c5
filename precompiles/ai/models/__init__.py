"""Integer models that a chain can run: their format, their arithmetic. Know no chain and no gas.

header.py        the one encoding of what a model is, and what follows from it
weights_tree.py  the Merkle tree over the weights, and a model's id
dense.py, trees.py, linear.py, transformer.py
                 weights -> arrays -> answers, through kernels
reference.py     the same answers in plain integers: the definition, and the kernels' twin
tables.py        frozen tables
model.py         weights -> a model ready to answer, whatever its kind
"""
