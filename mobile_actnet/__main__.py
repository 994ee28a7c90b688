"""`python -m mobile_actnet` is the command `actnet`.

python -m mobile_actnet search shop.sqlite --query photo.jpg
"""

from mobile_actnet.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
