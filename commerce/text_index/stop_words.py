"""Words that carry no wish, in French and English, folded. They are skipped in queries unless nothing else is left."""

from __future__ import annotations

FRENCH = frozenset(
    """
    a ai aie as au aux avec c ca ce ces cet cette comme d dans de des du en es est et eu faut il ils j je jai
    jaimerais l la le les leur lui ma mais me mes moi mon n ne nos notre nous on ou par pas plus pour pouvez qu que qui
    s sa se ses si son sont sur svp t ta te tes toi ton tu un une vos votre vous y cherche cherchons recherche voudrais
    veux aimerais souhaite souhaiterais trouver montre montrez donne besoin bonjour salut merci plait quelque quelques
    quel quelle quels quelles chose truc avez auriez vendez acheter
    """.split()
)
ENGLISH = frozenset(
    """
    a am an and any are as at be by can could d do for from get give got had has have hello hi i id if im in is it its
    ive just like looking look ll m me my need of off on or our please really s show so some something t thank thanks
    that the them there these they this those to us want wanna was we what which with would you your sell buy find
    searching
    """.split()
)
# "montre" is a watch before it is "show me"; "off" and "top" belong to things ("off white").
STOP_WORDS = (FRENCH | ENGLISH) - {"montre", "off", "plus", "look"}
