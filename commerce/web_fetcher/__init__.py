"""The only way out to addresses that strangers name: a shopper's link, a feed's pictures, a feed.

A name is resolved once, every address it gives must be public, and the connection goes to exactly the address that was
checked (Host and SNI stay the name's), so a name that answers differently a moment later gains nothing. Redirects are
followed by hand, each one checked like the first. One deadline covers everything, down to a header that drips.
"""

from commerce.web_fetcher.fetcher import SafeWebFetcher
from commerce.web_fetcher.pinned import is_public
from commerce.web_fetcher.sharing import sharing_picture

__all__ = ["SafeWebFetcher", "is_public", "sharing_picture"]
