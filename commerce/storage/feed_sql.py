"""The statements of an import, in the SQL that SQLite (3.35 and later) and PostgreSQL share."""

from __future__ import annotations

# Temporary tables, named st_*. Columns after the blank line are filled in by RESOLVE.
STAGING = {
    "st_product": "line BIGINT, grp TEXT, title TEXT, description TEXT, brand TEXT, category TEXT, category_words TEXT,"
    " gender TEXT, attributes TEXT, url TEXT, product_id BIGINT, is_new BOOLEAN DEFAULT false",
    "st_variant": "line BIGINT, grp TEXT, sku TEXT, colour TEXT, colour_words TEXT, size TEXT, gtin TEXT,"
    " price_minor BIGINT, list_price_minor BIGINT, currency TEXT, digest BYTEA,"
    " product_id BIGINT, variant_id BIGINT, position BIGINT, is_new BOOLEAN DEFAULT false",
    "st_picture": "line BIGINT, grp TEXT, sku TEXT, ref TEXT, ordinal BIGINT,"
    " product_id BIGINT, variant_id BIGINT, position BIGINT",
    "st_stock": "line BIGINT, sku TEXT, store_id TEXT, quantity BIGINT, variant_id BIGINT",
    "st_kept": "sku TEXT, digest BYTEA",
    "st_drop": "sku TEXT",
    "st_ask": "item_id TEXT, grp TEXT",
    "st_change": "product_id BIGINT, what TEXT",
    "st_media": "media_key TEXT",
    "st_level": "variant_id BIGINT, store_id TEXT, quantity BIGINT",
}
COLUMNS = {
    "st_product": (
        "line", "grp", "title", "description", "brand", "category", "category_words", "gender", "attributes", "url",
    ),
    "st_variant": (
        "line", "grp", "sku", "colour", "colour_words", "size", "gtin", "price_minor", "list_price_minor", "currency",
        "digest",
    ),
    "st_picture": ("line", "grp", "sku", "ref", "ordinal"),
    "st_stock": ("line", "sku", "store_id", "quantity"),
    "st_kept": ("sku", "digest"),
    "st_drop": ("sku",),
    "st_ask": ("item_id", "grp"),
}  # fmt: skip
INDEXES = (
    "CREATE INDEX st_variant_sku ON st_variant (sku)",
    "CREATE INDEX st_variant_line ON st_variant (line)",
    "CREATE INDEX st_variant_grp ON st_variant (grp, line)",
    "CREATE INDEX st_product_grp ON st_product (grp, line)",
    "CREATE INDEX st_picture_grp ON st_picture (grp, ref, line)",
    "CREATE INDEX st_stock_sku ON st_stock (sku, store_id, line)",
    "CREATE INDEX st_variant_id ON st_variant (variant_id)",
    "CREATE INDEX st_picture_product ON st_picture (product_id, ref)",
    "CREATE INDEX st_stock_variant ON st_stock (variant_id, store_id)",
    "CREATE INDEX st_drop_sku ON st_drop (sku)",
    "CREATE INDEX st_kept_sku ON st_kept (sku)",
)

_OURS = " FROM variant v JOIN product p ON p.id = v.product_id WHERE p.source = :source AND v.active"
_DROPPED = _OURS + " AND EXISTS (SELECT 1 FROM st_drop d WHERE d.sku = v.sku)"
COUNTS = {
    "active_items": "SELECT COUNT(*)" + _OURS,
    "dropped_items": "SELECT COUNT(*)" + _DROPPED,
    "active_products": "SELECT COUNT(DISTINCT v.product_id)" + _OURS,
    # Products that lose their last item and do not come back under a staged one.
    "dropped_products": "SELECT COUNT(*) FROM (SELECT p.id"
    + _OURS
    + " AND p.source_id NOT IN (SELECT grp FROM st_variant)"
    " GROUP BY p.id HAVING COUNT(*) = SUM(CASE WHEN v.sku IN (SELECT sku FROM st_drop) THEN 1 ELSE 0 END)) AS gone",
    "staged_items": "SELECT COUNT(*) FROM st_variant",
}

Steps = tuple[tuple[str, str], ...]

# Names of steps are keys of the report; those with an underscore are not shown.
RESOLVE: Steps = (
    ("_", "DELETE FROM st_change"),
    ("_", "DELETE FROM st_media"),
    # The first line of a group speaks for the product.
    (
        "_",
        "DELETE FROM st_product WHERE EXISTS (SELECT 1 FROM st_product o WHERE o.grp = st_product.grp"
        " AND o.line < st_product.line)"
        " OR NOT EXISTS (SELECT 1 FROM st_variant s WHERE s.grp = st_product.grp)",
    ),
    (
        "_",
        "UPDATE st_product SET product_id = p.id, is_new = false FROM product p"
        " WHERE p.source = :source AND p.source_id = st_product.grp",
    ),
    ("_", "UPDATE st_product SET is_new = true WHERE product_id IS NULL"),
    (
        "new_products",
        "INSERT INTO product (source, source_id, title, description, brand, category, category_words, gender, attributes,"
        " url, active) SELECT :source, grp, title, description, brand, category, category_words, gender, attributes, url,"
        " true FROM st_product WHERE is_new ORDER BY line",
    ),
    (
        "_",
        "UPDATE st_product SET product_id = p.id FROM product p"
        " WHERE is_new AND p.source = :source AND p.source_id = st_product.grp",
    ),
    (
        "_",  # which product, which item (if the shop knows it), and its place among the product's items
        "UPDATE st_variant SET product_id = o.product_id, variant_id = o.variant_id, is_new = o.is_new,"
        " position = o.position FROM (SELECT s.line, q.product_id, v.id AS variant_id, v.id IS NULL AS is_new,"
        " ROW_NUMBER() OVER (PARTITION BY s.grp ORDER BY s.line) - 1 AS position FROM st_variant s"
        " JOIN st_product q ON q.grp = s.grp LEFT JOIN variant v ON v.sku = s.sku) AS o WHERE o.line = st_variant.line",
    ),
)

_PRODUCT_DIFFERS = (
    "p.title <> s.title OR p.description <> s.description OR p.brand <> s.brand OR p.category <> s.category"
    " OR p.category_words <> s.category_words OR p.gender <> s.gender OR p.attributes <> s.attributes OR p.url <> s.url"
    " OR NOT p.active"
)
_PRICE_DIFFERS = "(v.price_minor <> s.price_minor OR v.currency <> s.currency)"
_OFFER_DIFFERS = f"({_PRICE_DIFFERS} OR COALESCE(v.list_price_minor, -1) <> COALESCE(s.list_price_minor, -1))"
_OPTION_DIFFERS = (
    "(v.product_id <> s.product_id OR v.colour <> s.colour OR v.colour_words <> s.colour_words OR v.size <> s.size"
    " OR v.gtin <> s.gtin OR v.position <> s.position OR NOT v.active)"
)
_KNOWN = " FROM st_variant s JOIN variant v ON v.id = s.variant_id WHERE NOT s.is_new AND "
_HAS_KEPT = "EXISTS (SELECT 1 FROM variant w JOIN st_kept k ON k.sku = w.sku WHERE w.product_id = picture.product_id)"

APPLY: Steps = (
    ("_", "INSERT INTO st_change SELECT product_id, 'product' FROM st_product WHERE is_new"),
    (
        "changed_products",
        "INSERT INTO st_change SELECT s.product_id, 'product' FROM st_product s JOIN product p ON p.id = s.product_id"
        f" WHERE NOT s.is_new AND ({_PRODUCT_DIFFERS})",
    ),
    (
        "_",
        "UPDATE product SET title = s.title, description = s.description, brand = s.brand, category = s.category,"
        " category_words = s.category_words, gender = s.gender, attributes = s.attributes, url = s.url, active = true"
        " FROM st_product s WHERE product.id = s.product_id AND NOT s.is_new"
        " AND product.id IN (SELECT product_id FROM st_change)",
    ),
    # Items: prices that were, then the new ones.
    (
        "_",
        "INSERT INTO past_price (variant_id, price_minor, currency, from_us, until_us) SELECT v.id, v.price_minor,"
        " v.currency, v.price_since_us, CASE WHEN v.price_since_us > :at THEN v.price_since_us ELSE :at END"
        + _KNOWN + _PRICE_DIFFERS,
    ),
    ("changed_prices", "INSERT INTO st_change SELECT s.product_id, 'price'" + _KNOWN + _OFFER_DIFFERS),
    ("changed_items", "INSERT INTO st_change SELECT s.product_id, 'product'" + _KNOWN + _OPTION_DIFFERS),
    (  # the product that an item left
        "_",
        "INSERT INTO st_change SELECT v.product_id, 'product'" + _KNOWN + "v.product_id <> s.product_id",
    ),
    (
        "_",
        "UPDATE variant SET product_id = s.product_id, colour = s.colour, colour_words = s.colour_words, size = s.size,"
        " gtin = s.gtin, price_since_us = CASE WHEN variant.price_minor <> s.price_minor OR variant.currency <> s.currency"
        " THEN (CASE WHEN variant.price_since_us > :at THEN variant.price_since_us ELSE :at END)"
        " ELSE variant.price_since_us END, price_minor = s.price_minor, list_price_minor = s.list_price_minor,"
        " currency = s.currency, position = s.position, active = true FROM st_variant s, variant v"
        " WHERE v.id = s.variant_id AND variant.id = v.id AND NOT s.is_new"
        f" AND ({_OFFER_DIFFERS} OR {_OPTION_DIFFERS})",
    ),
    (
        "new_items",
        "INSERT INTO variant (product_id, sku, colour, colour_words, size, gtin, price_minor, list_price_minor, currency,"
        " price_since_us, position, active) SELECT product_id, sku, colour, colour_words, size, gtin, price_minor,"
        " list_price_minor, currency, CAST(:at AS BIGINT), position, true FROM st_variant WHERE is_new ORDER BY line",
    ),
    ("_", "INSERT INTO st_change SELECT product_id, 'product' FROM st_variant WHERE is_new"),
    (
        "_",
        "UPDATE st_variant SET variant_id = v.id FROM variant v WHERE st_variant.is_new AND v.sku = st_variant.sku",
    ),
    # What the feed no longer has.
    (
        "_",
        "INSERT INTO st_change SELECT v.product_id, 'product'" + _DROPPED,
    ),
    (
        "removed_items",
        "UPDATE variant SET active = false WHERE active AND sku IN (SELECT sku FROM st_drop) AND product_id IN"
        " (SELECT id FROM product WHERE source = :source)",
    ),
    (
        "_",
        "INSERT INTO st_change SELECT p.id, 'removed' FROM product p WHERE p.source = :source AND p.active"
        " AND p.id IN (SELECT product_id FROM st_change EXCEPT SELECT product_id FROM st_product)"
        " AND NOT EXISTS (SELECT 1 FROM variant v WHERE v.product_id = p.id AND v.active)",
    ),
    (
        "removed_products",
        "UPDATE product SET active = false WHERE id IN (SELECT product_id FROM st_change WHERE what = 'removed')",
    ),
    (
        "_",
        "DELETE FROM st_change WHERE what <> 'removed' AND product_id IN"
        " (SELECT product_id FROM st_change WHERE what = 'removed')",
    ),
    # Pictures: each once a product, where it is named first.
    (
        "_",
        "DELETE FROM st_picture WHERE EXISTS (SELECT 1 FROM st_picture o WHERE o.grp = st_picture.grp"
        " AND o.ref = st_picture.ref AND (o.line < st_picture.line"
        " OR (o.line = st_picture.line AND o.ordinal < st_picture.ordinal)))",
    ),
    (
        "_",
        "UPDATE st_picture SET product_id = o.product_id, position = o.position FROM (SELECT c.grp, c.ref, q.product_id,"
        " ROW_NUMBER() OVER (PARTITION BY c.grp ORDER BY c.line, c.ordinal) - 1 AS position FROM st_picture c"
        " JOIN st_product q ON q.grp = c.grp) AS o WHERE o.grp = st_picture.grp AND o.ref = st_picture.ref",
    ),
    ("_", "DELETE FROM st_picture WHERE product_id IS NULL"),
    (
        "_",  # a picture belongs to an item only where the product has several colours
        "UPDATE st_picture SET variant_id = s.variant_id FROM st_variant s WHERE s.sku = st_picture.sku AND s.grp IN"
        " (SELECT grp FROM st_variant GROUP BY grp HAVING COUNT(DISTINCT colour_words) > 1)",
    ),
    (
        "_",
        "INSERT INTO st_media SELECT media_key FROM picture WHERE product_id IN (SELECT product_id FROM st_product)"
        " AND NOT EXISTS (SELECT 1 FROM st_picture s WHERE s.product_id = picture.product_id"
        f" AND s.ref = picture.source_ref) AND NOT {_HAS_KEPT}",
    ),
    (
        "_",
        "INSERT INTO st_change SELECT product_id, 'picture' FROM picture WHERE product_id IN (SELECT product_id FROM"
        " st_product) AND NOT EXISTS (SELECT 1 FROM st_picture s WHERE s.product_id = picture.product_id"
        f" AND s.ref = picture.source_ref) AND NOT {_HAS_KEPT}",
    ),
    (
        "removed_pictures",
        "DELETE FROM picture WHERE product_id IN (SELECT product_id FROM st_product) AND NOT EXISTS"
        " (SELECT 1 FROM st_picture s WHERE s.product_id = picture.product_id AND s.ref = picture.source_ref)"
        f" AND NOT {_HAS_KEPT}",
    ),
    (
        "_",
        "INSERT INTO st_change SELECT s.product_id, 'picture' FROM st_picture s JOIN picture c"
        " ON c.product_id = s.product_id AND c.source_ref = s.ref"
        " WHERE c.position <> s.position OR COALESCE(c.variant_id, 0) <> COALESCE(s.variant_id, 0)",
    ),
    (
        "_",
        "UPDATE picture SET position = s.position, variant_id = s.variant_id FROM st_picture s"
        " WHERE picture.product_id = s.product_id AND picture.source_ref = s.ref AND (picture.position <> s.position"
        " OR COALESCE(picture.variant_id, 0) <> COALESCE(s.variant_id, 0))",
    ),
    (
        "new_pictures",
        "INSERT INTO picture (product_id, variant_id, position, source_ref, state) SELECT s.product_id, s.variant_id,"
        " s.position, s.ref, 'wanted' FROM st_picture s WHERE NOT EXISTS (SELECT 1 FROM picture c"
        " WHERE c.product_id = s.product_id AND c.source_ref = s.ref) ORDER BY s.line, s.ordinal",
    ),
    # What the feed looked like. A refused item leaves no digest: it is read again next time.
    (
        "_",
        "DELETE FROM feed_item WHERE source = :source AND item_id IN (SELECT sku FROM st_drop)",
    ),
    (
        "_",
        "INSERT INTO feed_item (source, item_id, digest) SELECT :source, sku, digest FROM st_variant WHERE true"
        " ON CONFLICT (source, item_id) DO UPDATE SET digest = excluded.digest",
    ),
    (
        "_",
        "INSERT INTO feed_item (source, item_id, digest) SELECT DISTINCT :source, k.sku, k.digest FROM st_kept k"
        " WHERE NOT EXISTS (SELECT 1 FROM st_variant s WHERE s.sku = k.sku)"
        " ON CONFLICT (source, item_id) DO UPDATE SET digest = excluded.digest",
    ),
)  # fmt: skip

_NEW_LEVEL = "(CASE WHEN l.quantity < COALESCE(k.held, 0) THEN COALESCE(k.held, 0) ELSE l.quantity END)"
_LEVEL_CHANGES = (
    " FROM st_level l LEFT JOIN stock k ON k.variant_id = l.variant_id AND k.store_id = l.store_id"
    f" WHERE COALESCE(k.on_hand, 0) <> {_NEW_LEVEL}"
)

APPLY_STOCK: Steps = (
    ("_", "DELETE FROM st_level"),
    ("_", "UPDATE st_stock SET variant_id = v.id FROM variant v WHERE v.sku = st_stock.sku"),
    (
        "_",
        "INSERT INTO st_level SELECT s.variant_id, s.store_id, s.quantity FROM st_stock s LEFT JOIN feed_stock f"
        " ON f.variant_id = s.variant_id AND f.store_id = s.store_id WHERE s.variant_id IS NOT NULL"
        " AND (f.quantity IS NULL OR f.quantity <> s.quantity)",
    ),
    (
        "_emptied",
        "INSERT INTO st_level SELECT f.variant_id, f.store_id, 0 FROM feed_stock f JOIN variant v ON v.id = f.variant_id"
        " JOIN product p ON p.id = v.product_id WHERE p.source = :source AND f.quantity <> 0 AND NOT EXISTS"
        " (SELECT 1 FROM st_stock s WHERE s.variant_id = f.variant_id AND s.store_id = f.store_id)",
    ),
    (
        "_locked",
        "SELECT k.held FROM stock k JOIN st_level l ON l.variant_id = k.variant_id AND l.store_id = k.store_id"
        " ORDER BY k.variant_id, k.store_id FOR UPDATE OF k",
    ),
    (
        "_",
        "INSERT INTO st_change SELECT DISTINCT v.product_id, 'stock' FROM st_level l JOIN variant v ON v.id = l.variant_id"
        " WHERE NOT EXISTS (SELECT 1 FROM st_variant s WHERE s.variant_id = l.variant_id AND s.is_new)"
        " AND v.product_id NOT IN (SELECT product_id FROM st_change WHERE what = 'removed')",
    ),
    (
        "changed_stock",
        "INSERT INTO stock_movement (variant_id, store_id, on_hand_change, held_change, reason, reference, at_us)"
        f" SELECT l.variant_id, l.store_id, {_NEW_LEVEL} - COALESCE(k.on_hand, 0), 0, 'feed', :reference,"
        " CAST(:at AS BIGINT)" + _LEVEL_CHANGES,
    ),
    (
        "_",
        "INSERT INTO stock (variant_id, store_id, on_hand, held, safety)"
        " SELECT variant_id, store_id, quantity, 0, 0 FROM st_level WHERE true"
        " ON CONFLICT (variant_id, store_id) DO UPDATE SET on_hand ="
        " CASE WHEN excluded.on_hand < stock.held THEN stock.held ELSE excluded.on_hand END",
    ),
    (
        "_",
        "INSERT INTO feed_stock (variant_id, store_id, quantity) SELECT variant_id, store_id, quantity FROM st_level"
        " WHERE true ON CONFLICT (variant_id, store_id) DO UPDATE SET quantity = excluded.quantity",
    ),
)  # fmt: skip
