"""Words that carry no wish, in French and English, folded. They are skipped in queries."""

from __future__ import annotations

_FRENCH = """
a ai aie as au aux avec c ca ce ces cet cette comme d dans de des du en es est et eu faut il ils j je jai jaimerais l
la le les leur lui ma mais me mes moi mon n ne nos notre nous on ou par pas pour pouvez qu que qui s sa se ses si son
sont sur svp t ta te tes toi ton tu un une vos votre vous y cherche cherchons recherche voudrais veux aimerais souhaite
souhaiterais trouver montrez donne besoin bonjour salut merci plait quelque quelques quel quelle quels quelles chose
truc avez auriez vendez acheter
"""
_ENGLISH = """
a am an and any are as at be by can could d do for from get give got had has have hello hi i id if im in is it its ive
just like looking ll m me my need of on or our please really s show so some something t thank thanks that the them there
these they this those to us want wanna was we what which with would you your sell buy find searching
"""
FRENCH_STOP_WORDS = frozenset(_FRENCH.split())
ENGLISH_STOP_WORDS = frozenset(_ENGLISH.split())
STOP_WORDS = FRENCH_STOP_WORDS | ENGLISH_STOP_WORDS
