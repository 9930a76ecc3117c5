# pragma version 0.4.3
# Who is an owner, and who a member.

isOwner: public(HashMap[address, bool])
isMember: public(HashMap[address, bool])


@external
def set(account: address, owner: bool, member: bool):
    self.isOwner[account] = owner
    self.isMember[account] = member
