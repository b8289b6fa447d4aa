"""Makes the pictures of a corpus report that the documentation shows.

    python -m docs.screenshots REPORT.html

Wants Chromium, and a font with Hangul (Debian: fonts-nanum or fonts-noto-cjk).
"""

import sys
from pathlib import Path

from tests.browser import Page, browser

IMAGES = Path(__file__).parent / "images"
OPEN_EXAMPLES = """
  const changed = [...document.querySelectorAll("details.rule")].find(found => found.querySelector(".sides"));
  if (changed) { changed.open = true; changed.scrollIntoView({behavior: "instant"}); }
"""
OPEN_COPIES = """
  const largest = document.querySelector("details.cluster");
  if (largest) { largest.open = true; largest.closest("section").scrollIntoView({behavior: "instant"}); }
"""


def picture(tab: Page, name: str, prepare: str = "") -> None:
    """What is on the screen after a script has run."""
    tab.run(f"(() => {{ {prepare} }})()")
    tab.screenshot(IMAGES / f"corpus-report-{name}.png")


def main(report: Path) -> None:
    """All pictures: the beginning, examples, near copies by night, and the beginning on a phone."""
    IMAGES.mkdir(exist_ok=True)
    with browser() as tab:
        tab.open(report, width=1280, height=1150)
        picture(tab, "summary")
        picture(tab, "examples", OPEN_EXAMPLES)
        tab.open(report, width=1280, height=1000, dark=True)
        picture(tab, "copies-dark", OPEN_COPIES)
        tab.open(report, width=400, height=1600)
        picture(tab, "phone")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
