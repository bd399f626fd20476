"""Views: what people look at, made from committed events only and always rebuildable. They decide nothing."""
