"""The web client: page rendering, components, keyboard map, assets. Slices import `his.web.page` and its neighbours."""
