"""What the public Fashion Product Images data set lacks to be a shop: French, prices, sizes, stores and stock, from
a seed.
"""
