"""What a file that cannot become a model is refused with."""


class OnnxRefusedError(Exception):
    """The file is no model that can be read. The text names what is wrong."""


class NotRepresentableError(Exception):
    """The model does not fit the integers of the format. The text names what does not."""
