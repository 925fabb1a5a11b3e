"""A stand-in for Instagram: real HTTP on this machine, posts with pictures of ours, tokens that end.

    with InstagramStandIn() as instagram:
        name = instagram.publish("Robe en lin #lin", jpeg)          # a picture; several make an album
        instagram.publish("…", thumbnail, is_video=True)
        instagram.edit(name, "…"); instagram.delete(name); instagram.claim(name)
        instagram.end_token("expired")                              # "password", "removed" in other ways
        instagram.limit(minutes=20)                                 # too many calls, until then
        instagram.fail("media", Fault(status=500))

Set VITRINE_META_GRAPH_URL to `instagram.url`, VITRINE_INSTAGRAM_TOKEN to `instagram.token`, and add `instagram.host` to
VITRINE_FETCH_ALLOW_HOSTS: its pictures lie on this machine. Media, paging, errors and renewed tokens, as
https://developers.facebook.com/docs/instagram-platform/reference describes them; what it does not know it refuses.
"""

from vitrine.standins.instagram.checks import Refused
from vitrine.standins.instagram.server import InstagramStandIn
from vitrine.standins.provider import Call, Fault

__all__ = ["Call", "Fault", "InstagramStandIn", "Refused"]
