# pragma version 0.4.3
# SPDX-License-Identifier: MIT
# Prints, as only contracts under test do.


@external
def say(number: uint256):
    print("the number is", number)
