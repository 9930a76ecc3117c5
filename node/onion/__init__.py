"""Onion routing: what a node sends travels over three relays in packets of one size.

`packet.py` is the format; `surb.py` the way back; `relay.py` what a node does with a packet that
arrives; `requests.py` and `service.py` the two ends of a question and its answer; `paths.py` and
`cover.py` where packets go and when. Nothing here knows what is asked, of whom accounts speak, or a
socket.
"""
