"""From a model of floats to one of integers, off the chain: the only place where floats are.

onnx_reader.py  ONNX -> floats; names what it does not know
floats.py       a model of floats, and what it answers
quantize.py     floats -> header, weights and notes, as the format of `..models` has them
model_file.py   a model and its notes in one file
chunks.py       what an upload sends
"""
