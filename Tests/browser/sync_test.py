"""Runs the cases of sync_cases.js against the page's script, in a browser and without a server."""

import pathlib
import sys

from browser import chromium

HERE = pathlib.Path(__file__).parent
SCRIPT = HERE.parent.parent / "Sources/ChatHTTP/Resources/app.js"


def main():
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(path=SCRIPT)
        page.add_script_tag(path=HERE / "sync_cases.js")
        results = page.evaluate("runCases()")
    failed = [(name, problem) for name, problem in results if problem]
    for name, problem in failed:
        print(f"FAILED  {name}\n        {problem}")
    print(f"sync: {len(results) - len(failed)} of {len(results)} cases passed")
    sys.exit(1 if failed or not results else 0)


if __name__ == "__main__":
    main()
