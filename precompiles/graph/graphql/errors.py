"""What a query is refused with. A position counts bytes: of the document, or of the variables."""

from ... import abi

NAME_MAX = 64

SYNTAX = abi.error("GraphQLSyntaxError(uint256 position, string expected)", {"expected": NAME_MAX})
INVALID = abi.error("ValidationError(uint256 position, string rule)", {"rule": NAME_MAX})
VARIABLE = abi.error("VariablesError(uint256 position, string reason)", {"reason": NAME_MAX})
LIMIT = abi.error("LimitExceeded(string limit, uint256 maximum)", {"limit": NAME_MAX})
NOT_RESOLVED = abi.error("NotResolved(uint256 position, string reason)", {"reason": NAME_MAX})
UNKNOWN_DOCUMENT = abi.error("UnknownDocument(uint16 id)")

ERRORS = (SYNTAX, INVALID, VARIABLE, LIMIT, NOT_RESOLVED, UNKNOWN_DOCUMENT)
