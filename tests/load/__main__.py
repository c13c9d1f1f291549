"""`make bench`: what the hot paths cost, each beside its floor where there is one."""

import argparse
import os

from his.kit.config import get_settings
from tests.load import background, fhir, pure, sealing, settlement, worklist

GROUPS = {
    "pure": pure.measure,
    "fhir": fhir.measure,
    "sealing": sealing.measure,
    "settlement": settlement.measure,
    "worklist": worklist.measure,
    "background": background.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", default=[], help=f"some of: {', '.join(GROUPS)}; all when none is named")
    parser.add_argument("--seconds", type=float, default=10, help="how long each load scenario runs")
    arguments = parser.parse_args()
    os.environ.setdefault("HIS_PROFILE", "test")  # some databases here are thrown away and say so
    get_settings.cache_clear()
    for name in arguments.groups or GROUPS:
        GROUPS[name](arguments.seconds)


if __name__ == "__main__":
    main()
