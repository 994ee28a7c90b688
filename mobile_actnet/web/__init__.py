"""The web demo: a site of static files from a gallery, and a server for it. The page is built from web_demo/."""
