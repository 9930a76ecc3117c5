# pragma version 0.4.3
# A hook that says what it was told to say, by selector, and first asks its caller for something.

struct Answer:
    reverts: bool
    data: Bytes[256]
    request: Bytes[2048]

answers: HashMap[bytes4, Answer]


@external
def prepare(selector: bytes4, answer: Answer):
    self.answers[selector] = answer


@external
@payable
@raw_return
def __default__() -> Bytes[256]:
    answer: Answer = self.answers[convert(slice(msg.data, 0, 4), bytes4)]
    if len(answer.request) > 0:
        raw_call(msg.sender, answer.request)
    if answer.reverts:
        raw_revert(answer.data)
    return answer.data
