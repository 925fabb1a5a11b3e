"""What the demo shop sells: its kinds, cloths and colours, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product. `product_type` is what the feed says; `price` (low, high) in whole euros."""

    draw: str
    product_type: str
    fr: str
    en: str
    who: str  # women, men or unisex; "both" makes half of them for each
    sizes: str  # a key of SIZES
    price: tuple[int, int]
    cloths: tuple[str, ...]
    patterns: tuple[str, ...]
    colours: str  # keys of COLOURS by spaces
    count: int
    cut_fr: str
    cut_en: str


SIZES: dict[str, dict[str, tuple[str, ...]]] = {
    "letters": {"women": ("XS", "S", "M", "L", "XL"), "men": ("S", "M", "L", "XL", "XXL"), "unisex": ("S", "M", "L", "XL")},
    "clothing": {"women": ("36", "38", "40", "42", "44"), "men": ("46", "48", "50", "52", "54"), "unisex": ("S", "M", "L")},
    "waist": {"women": ("26", "27", "28", "29", "30", "31"), "men": ("30", "31", "32", "33", "34", "36"), "unisex": ("28", "30", "32", "34")},
    "shoes": {
        "women": ("36", "37", "38", "39", "40", "41"), "men": ("40", "41", "42", "43", "44", "45"),
        "unisex": ("37", "38", "39", "40", "41", "42", "43", "44"),
    },
    "belt": {"women": ("75", "85", "95"), "men": ("85", "95", "105"), "unisex": ("80", "90", "100")},
    "none": {"women": (), "men": (), "unisex": ()},
}  # fmt: skip

# Lexicon keys, in the shades the shop dyes them.
COLOURS: dict[str, str] = {
    "black": "#232326", "white": "#f3f0ea", "off_white": "#ece4d4", "cream": "#efe3c8", "grey": "#8d9094",
    "charcoal": "#45474d", "navy": "#1f2f54", "blue": "#3f6fa6", "light_blue": "#b9d0e6", "indigo": "#35507c",
    "teal": "#2d6468", "green": "#3f6b4f", "olive": "#7b7f4f", "khaki": "#8a845f", "yellow": "#e9c04f",
    "mustard": "#c98f35", "orange": "#d9793f", "peach": "#efb795", "coral": "#e0735f", "rust": "#a6532f",
    "terracotta": "#c2664a", "red": "#b9303a", "burgundy": "#7a2638", "pink": "#e3a5ac", "magenta": "#b43d73",
    "lavender": "#a899c4", "purple": "#5d4a77", "brown": "#6b4530", "coffee": "#4a3327", "taupe": "#968676",
    "tan": "#b07a4a", "beige": "#d9c6a5", "gold": "#cfae6a", "silver": "#b9bcc0",
}  # fmt: skip

# cloth → (weave as drawn, "en lin", "linen", what is said of it in French, in English, lexicon material)
CLOTHS: dict[str, tuple[str, str, str, str, str, str]] = {
    "linen": (
        "linen", "en lin", "linen", "Le lin respire et s’adoucit à chaque lavage. Lavage à 30 °C.",
        "Linen breathes and softens with every wash. Wash at 30 °C.", "linen",
    ),
    "cotton": (
        "cotton", "en coton", "cotton", "Coton biologique, doux dès le premier jour. Lavage à 30 °C.",
        "Organic cotton, soft from day one. Wash at 30 °C.", "cotton",
    ),
    "viscose": (
        "smooth", "en viscose", "viscose", "Viscose fluide qui tombe bien et se repasse à peine. Lavage à la main.",
        "Fluid viscose that drapes well and hardly needs ironing. Hand wash.", "viscose",
    ),
    "silk": (
        "smooth", "en soie", "silk", "Soie lavable au toucher satiné. Lavage à la main.",
        "Washable silk with a satin touch. Hand wash.", "silk",
    ),
    "wool": (
        "knit", "en laine", "wool", "Laine mérinos qui tient chaud sans gratter. Lavage à la main.",
        "Merino wool: warm and never itchy. Hand wash.", "wool",
    ),
    "felt": (
        "suede", "en laine", "wool", "Drap de laine épais, doublé. Nettoyage à sec.",
        "Thick wool cloth, lined. Dry clean.", "wool",
    ),
    "cashmere": (
        "knit", "en cachemire", "cashmere", "Cachemire deux fils, léger et très doux. Lavage à la main.",
        "Two-ply cashmere, light and very soft. Hand wash.", "cashmere",
    ),
    "fleece": (
        "cotton", "en molleton", "fleece", "Molleton de coton gratté à l’intérieur. Lavage à 30 °C.",
        "Brushed cotton fleece inside. Wash at 30 °C.", "cotton",
    ),
    "denim": (
        "denim", "en jean", "denim", "Toile de jean solide qui se patine avec le temps. Lavage à 30 °C, à l’envers.",
        "Sturdy denim that ages well. Wash at 30 °C, inside out.", "denim",
    ),
    "nylon": (
        "smooth", "en nylon recyclé", "recycled nylon", "Nylon recyclé déperlant, garnissage sans plumes. Lavage à 30 °C.",
        "Water-repellent recycled nylon, down-free filling. Wash at 30 °C.", "nylon",
    ),
    "leather": (
        "leather", "en cuir", "leather", "Cuir de vachette tanné en Europe. À nourrir deux fois par an.",
        "Cowhide tanned in Europe. Feed it twice a year.", "leather",
    ),
    "suede": (
        "suede", "en daim", "suede", "Cuir velours souple. À brosser et à protéger de la pluie.",
        "Soft suede. Brush it, and keep it from the rain.", "suede",
    ),
    "canvas": (
        "linen", "en toile", "canvas", "Toile de coton épaisse, facile à nettoyer à l’éponge.",
        "Thick cotton canvas, easily sponged clean.", "canvas",
    ),
    "straw": (
        "linen", "en paille", "straw", "Paille tressée à la main, légère et aérée.",
        "Hand-woven straw, light and airy.", "",
    ),
    "acetate": (
        "smooth", "en acétate", "acetate", "Acétate et verres de catégorie 3, protection UV400.",
        "Acetate frame, category 3 lenses with UV400 protection.", "",
    ),
}  # fmt: skip

# pattern → (after the French title, before the English one, feed value)
PATTERNS: dict[str, tuple[str, str, str]] = {
    "plain": ("", "", "plain"), "stripes": ("à rayures", "striped", "striped"), "dots": ("à pois", "polka-dot", "dots"),
    "checks": ("à carreaux", "checked", "checked"), "floral": ("à fleurs", "floral", "floral"),
    "pinstripes": ("à fines rayures", "pinstriped", "striped"),
}  # fmt: skip

# Names tell two alike apart.
_NAMES = """Adèle Aramis Basile Bertille Camille Céleste Clémence Colette Côme Daphné Diane Edmond Élise Émile Estelle Fanny
Félix Flora Gabin Garance Gaston Hector Honoré Inès Irène Jeanne Joseph Jules Juliette Lazare Léonie Lucien Madeleine Marcel
Margot Marius Mathilde Max Nino Octave Odette Oscar Paul Pauline Philomène Rivoli Rosalie Sacha Simone Suzanne Théo Valentin
Victor Violette Yvonne Zélie"""
NAMES = tuple(_NAMES.split())

# fmt: off
KINDS: tuple[Kind, ...] = (
    Kind("tshirt", "T-Shirts", "T-shirt", "T-shirt", "both", "letters", (19, 35), ("cotton", "linen"), ("plain", "stripes", "plain", "dots"),
         "white navy off_white olive red light_blue black mustard grey", 14,
         "Col rond, coupe droite et coutures renforcées aux épaules.", "Round neck, straight cut and reinforced shoulder seams."),
    Kind("long_tshirt", "T-Shirts", "T-shirt à manches longues", "Long-sleeved T-shirt", "both", "letters", (25, 39), ("cotton",), ("stripes", "plain"),
         "navy off_white olive burgundy grey black", 6,
         "Manches longues et encolure dégagée, à porter seul ou sous une veste.", "Long sleeves and an open neckline, to wear alone or under a jacket."),
    Kind("top", "Blouses", "Blouse sans manches", "Sleeveless blouse", "women", "clothing", (35, 65), ("viscose", "silk", "cotton"), ("plain", "floral", "dots"),
         "coral off_white navy pink teal mustard lavender", 9,
         "Encolure en V nouée par un lien fin et fronces souples.", "V neckline with a thin tie and soft gathers."),
    Kind("shirt", "Shirts", "Chemise", "Shirt", "both", "letters", (45, 75), ("cotton", "linen"), ("plain", "stripes", "checks", "pinstripes"),
         "white light_blue navy pink olive off_white blue", 13,
         "Col classique, poche poitrine et pan arrondi.", "Classic collar, chest pocket and curved hem."),
    Kind("short_shirt", "Shirts", "Chemise à manches courtes", "Short-sleeved shirt", "men", "letters", (39, 65), ("viscose", "cotton", "linen"), ("floral", "dots", "checks", "plain"),
         "teal navy green terracotta light_blue cream", 8,
         "Coupe ample et col à revers, pour les journées chaudes.", "Loose cut and an open collar, for warm days."),
    Kind("jumper", "Sweaters", "Pull", "Jumper", "both", "letters", (59, 119), ("wool", "cashmere", "cotton"), ("plain", "stripes"),
         "mustard navy grey off_white green burgundy rust light_blue", 13,
         "Maille côtelée au col, aux poignets et à la taille.", "Ribbed at the neck, cuffs and hem."),
    Kind("roll_neck", "Sweaters", "Pull à col roulé", "Roll-neck jumper", "both", "letters", (69, 129), ("wool", "cashmere"), ("plain",),
         "cream black taupe burgundy teal charcoal", 6,
         "Col roulé souple et épaules tombantes.", "Soft roll neck and dropped shoulders."),
    Kind("hoodie", "Hoodies", "Sweat à capuche", "Hoodie", "both", "letters", (55, 85), ("fleece", "cotton"), ("plain",),
         "grey navy green lavender black beige rust", 7,
         "Capuche doublée, poche kangourou et cordon de coton.", "Lined hood, kangaroo pocket and cotton cord."),
    Kind("cardigan", "Cardigans", "Cardigan", "Cardigan", "women", "letters", (59, 115), ("wool", "cashmere", "cotton"), ("plain",),
         "burgundy off_white navy pink olive mustard", 7,
         "Encolure en V et boutons façon corne.", "V neck and horn-effect buttons."),
    Kind("denim_jacket", "Jackets", "Veste en jean", "Denim jacket", "both", "letters", (65, 99), ("denim",), ("plain",),
         "indigo light_blue black off_white blue", 5,
         "Coupe droite, poches à rabat et surpiqûres contrastées.", "Straight cut, flap pockets and contrast stitching."),
    Kind("blazer", "Blazers", "Blazer", "Blazer", "both", "clothing", (99, 169), ("felt", "linen", "cotton"), ("plain", "pinstripes", "checks"),
         "navy charcoal beige olive burgundy black", 8,
         "Cintré, deux boutons, col cranté et poches passepoilées.", "Fitted, two buttons, notched lapels and welt pockets."),
    Kind("coat", "Coats", "Manteau", "Coat", "both", "clothing", (149, 259), ("felt", "cashmere"), ("plain", "checks"),
         "tan navy charcoal burgundy olive black", 7,
         "Croisé, mi-long, six boutons et poches à rabat.", "Double-breasted, mid-length, with six buttons and flap pockets."),
    Kind("puffer", "Puffer Jackets", "Doudoune", "Puffer jacket", "both", "letters", (99, 159), ("nylon",), ("plain",),
         "green black navy terracotta beige", 5,
         "Légère et compressible, col montant et zip deux sens.", "Light and packable, high collar and two-way zip."),
    Kind("midi_dress", "Dresses", "Robe midi", "Midi dress", "women", "clothing", (55, 99), ("linen", "viscose", "cotton"), ("plain", "floral", "dots", "stripes"),
         "navy terracotta green pink off_white light_blue black yellow", 13,
         "Ceinture à nouer, jupe évasée et manches courtes.", "Tie belt, flared skirt and short sleeves."),
    Kind("wrap_dress", "Dresses", "Robe portefeuille", "Wrap dress", "women", "clothing", (65, 109), ("viscose", "silk"), ("dots", "floral", "plain"),
         "burgundy navy teal black coral olive", 8,
         "Décolleté croisé, manches trois-quarts et lien à la taille.", "Crossed neckline, three-quarter sleeves and a tie at the waist."),
    Kind("slip_dress", "Dresses", "Robe nuisette", "Slip dress", "women", "clothing", (59, 119), ("silk", "viscose"), ("plain",),
         "olive black cream pink teal silver", 5,
         "Fines bretelles et coupe en biais qui épouse la silhouette.", "Thin straps and a bias cut that follows the figure."),
    Kind("shirt_dress", "Dresses", "Robe chemise", "Shirt dress", "women", "clothing", (59, 99), ("linen", "cotton", "denim"), ("plain", "stripes", "checks"),
         "terracotta light_blue khaki navy white indigo", 8,
         "Boutonnée de haut en bas, col chemise et taille marquée.", "Buttoned all the way down, shirt collar and a marked waist."),
    Kind("trousers", "Trousers", "Pantalon", "Trousers", "both", "clothing", (55, 89), ("cotton", "felt"), ("plain", "pinstripes", "checks"),
         "charcoal navy beige olive black brown", 9,
         "Coupe fuselée, pli marqué et poches italiennes.", "Tapered cut, pressed crease and slanted pockets."),
    Kind("wide_trousers", "Trousers", "Pantalon large", "Wide-leg trousers", "women", "clothing", (59, 95), ("linen", "viscose"), ("plain", "stripes"),
         "beige navy black terracotta white green", 7,
         "Taille haute et jambes amples, très fluide.", "High waist and wide, flowing legs."),
    Kind("jeans", "Jeans", "Jean", "Jeans", "both", "waist", (59, 99), ("denim",), ("plain",),
         "indigo light_blue black blue grey off_white", 9,
         "Cinq poches, taille normale, coupe droite.", "Five pockets, regular waist, straight leg."),
    Kind("shorts", "Shorts", "Short", "Shorts", "both", "clothing", (35, 55), ("linen", "cotton"), ("plain", "stripes", "checks"),
         "olive beige navy white coral light_blue", 8,
         "Longueur mi-cuisse et ceinture confortable.", "Mid-thigh length and a comfortable waistband."),
    Kind("denim_shorts", "Shorts", "Short en jean", "Denim shorts", "women", "waist", (39, 55), ("denim",), ("plain",),
         "light_blue indigo white black", 3,
         "Taille haute et ourlet roulotté.", "High waist and rolled hem."),
    Kind("skirt", "Skirts", "Jupe midi", "Midi skirt", "women", "clothing", (45, 79), ("viscose", "linen", "cotton"), ("floral", "plain", "dots", "checks"),
         "yellow green navy terracotta pink black", 9,
         "Taille haute et ligne évasée sous le genou.", "High waist, flaring below the knee."),
    Kind("pleated_skirt", "Skirts", "Jupe plissée", "Pleated skirt", "women", "clothing", (55, 89), ("viscose", "felt"), ("plain",),
         "purple navy olive beige burgundy", 5,
         "Plis permanents et ceinture fine.", "Permanent pleats and a narrow waistband."),
    Kind("mini_skirt", "Skirts", "Jupe courte", "Short skirt", "women", "clothing", (39, 65), ("felt", "denim", "cotton"), ("checks", "plain"),
         "black indigo red khaki tan", 5,
         "Ligne trapèze, longueur au-dessus du genou.", "A-line, above the knee."),
    Kind("sneakers", "Sneakers", "Baskets", "Sneakers", "both", "shoes", (69, 129), ("leather", "canvas", "suede"), ("plain",),
         "white navy black beige green grey pink", 13,
         "Semelle en caoutchouc cousue et doublure en coton.", "Stitched rubber sole and cotton lining."),
    Kind("high_sneakers", "Sneakers", "Baskets montantes", "High-top sneakers", "both", "shoes", (75, 135), ("canvas", "leather"), ("plain",),
         "red black off_white navy olive", 6,
         "Tige montante, œillets métalliques et bout renforcé.", "High upper, metal eyelets and a reinforced toe."),
    Kind("ankle_boots", "Ankle Boots", "Bottines", "Ankle boots", "both", "shoes", (99, 169), ("leather", "suede"), ("plain",),
         "brown black tan taupe burgundy", 8,
         "Élastiques sur les côtés, petit talon et semelle crantée.", "Elastic sides, low heel and a lugged sole."),
    Kind("boots", "Boots", "Bottes", "Knee-high boots", "women", "shoes", (139, 219), ("leather", "suede"), ("plain",),
         "black brown tan burgundy", 5,
         "Hauteur au genou, zip intérieur et talon plat.", "Knee height, inner zip and flat heel."),
    Kind("sandals", "Sandals", "Sandales", "Sandals", "both", "shoes", (45, 89), ("leather", "suede"), ("plain",),
         "tan black white navy gold", 7,
         "Deux brides réglables et semelle en liège.", "Two adjustable straps and a cork footbed."),
    Kind("loafers", "Loafers", "Mocassins", "Loafers", "both", "shoes", (89, 149), ("leather", "suede"), ("plain",),
         "burgundy black brown navy tan", 7,
         "Plateau cousu main et bride classique.", "Hand-stitched apron and a classic strap."),
    Kind("ballerinas", "Ballet Flats", "Ballerines", "Ballet flats", "women", "shoes", (65, 109), ("leather", "suede"), ("plain",),
         "pink black navy red beige silver", 6,
         "Nœud discret et semelle souple.", "A small bow and a flexible sole."),
    Kind("pumps", "Heels", "Escarpins", "Pumps", "women", "shoes", (89, 149), ("leather", "suede"), ("plain",),
         "red black navy beige green", 5,
         "Bout pointu et talon de sept centimètres.", "Pointed toe and a seven-centimetre heel."),
    Kind("tote", "Tote Bags", "Sac cabas", "Tote", "women", "none", (79, 149), ("leather", "canvas", "suede"), ("plain", "stripes"),
         "tan black burgundy navy off_white green", 8,
         "Assez grand pour un ordinateur, poche zippée à l’intérieur.", "Roomy enough for a laptop, with a zipped inner pocket."),
    Kind("backpack", "Backpacks", "Sac à dos", "Backpack", "unisex", "none", (69, 139), ("canvas", "leather", "nylon"), ("plain",),
         "green navy black mustard brown", 7,
         "Deux compartiments, sangles en cuir et dos matelassé.", "Two compartments, leather straps and a padded back."),
    Kind("handbag", "Handbags", "Sac à main", "Handbag", "women", "none", (89, 169), ("leather", "suede"), ("plain",),
         "burgundy black tan navy pink green beige", 9,
         "Rabat à fermoir doré et anse à porter à l’épaule.", "Flap with a gold clasp and a shoulder handle."),
    Kind("belt", "Belts", "Ceinture", "Belt", "both", "belt", (29, 49), ("leather", "suede"), ("plain",),
         "brown black tan navy", 5,
         "Boucle en laiton et surpiqûre fine.", "Brass buckle and fine stitching."),
    Kind("hat", "Hat", "Chapeau", "Hat", "unisex", "none", (35, 69), ("straw", "felt"), ("plain",),
         "beige off_white charcoal tan", 4,
         "Large bord et ruban gros-grain.", "Wide brim and a grosgrain ribbon."),
    Kind("cap", "Caps", "Casquette", "Cap", "unisex", "none", (25, 39), ("cotton", "felt"), ("plain",),
         "navy green beige black burgundy", 5,
         "Six panneaux, visière courbée et réglage à l’arrière.", "Six panels, curved peak and adjustable back."),
    Kind("beanie", "Beanies", "Bonnet", "Beanie", "unisex", "none", (25, 45), ("wool", "cashmere"), ("plain",),
         "red mustard navy grey off_white green", 6,
         "Revers côtelé et pompon.", "Ribbed cuff and a pompom."),
    Kind("scarf", "Scarves", "Écharpe", "Scarf", "unisex", "none", (35, 89), ("wool", "cashmere", "silk"), ("checks", "plain", "stripes"),
         "tan navy red grey green cream", 8,
         "Longue et enveloppante, bords frangés.", "Long and cosy, with fringed ends."),
    Kind("sunglasses", "Sunglasses", "Lunettes de soleil", "Sunglasses", "unisex", "none", (49, 99), ("acetate",), ("plain",),
         "coffee black tan navy", 4,
         "Monture ronde et verres fumés.", "Round frame and tinted lenses."),
)  # fmt: skip
