#!/usr/bin/env python3
"""Drives real browsers against real daemons. Every function named test_… in the files named case_….py is a test.

    run.py PROGRAM [PART_OF_A_NAME]
"""

import importlib
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from people import Person  # noqa: E402
from stage import Stage  # noqa: E402

# What answers with no page of its own: files, a stream, and forms that lead to a page that is held to the rules itself.
NO_PAGES = {
    "/", "live", "lock", "unlock", "awake", "sign-out", "peers/accept", "peers/sync/:node", "chart/:chart/link", "chart/:chart/export"}


def pages_not_held():
    """The routes of the page, as its source hangs them in, that no test held to the rules of accessibility."""
    source = "".join(file.read_text() for file in (HERE.parent.parent / "Sources/RecordPage").rglob("*.swift"))
    routes = set(re.findall(r'routes(?:\.router)?\.(?:get|post)\("([^"]+)"', source)) - NO_PAGES
    assert len(routes) > 20, routes
    # Where a word stands in one route and a part of any name in another, the word goes first.
    patterns = sorted((re.sub(r":\w+", "[^/]+", route), route) for route in routes)
    held = {min((pattern.count("[^/]+"), route) for pattern, route in matching)[1] for path in Person.held if (matching := [
        (pattern, route) for pattern, route in patterns if re.fullmatch("/" + pattern, path)])}
    return sorted(routes - held)


def main():
    program, wanted = os.path.abspath(sys.argv[1]), "".join(sys.argv[2:])
    kept = pathlib.Path(".build/page")
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    tests = [
        (name, function) for file in sorted(HERE.glob("case_*.py"))
        for name, function in vars(importlib.import_module(file.stem)).items()
        if name.startswith("test_") and wanted in name]
    passed, failed = 0, []
    for name, function in tests:
        folder = tempfile.mkdtemp(prefix="duolog-page-")
        stage, begin = Stage(program, folder), time.monotonic()
        try:
            function(stage)
            passed += 1
            print(f"  passed  {name[5:].replace('_', ' ')}  ({time.monotonic() - begin:.1f} s)", flush=True)
        except Exception:
            failed.append(name)
            print(f"  FAILED  {name[5:].replace('_', ' ')}\n{traceback.format_exc()}", flush=True)
            stage.keep(kept / name)
        finally:
            stage.end()
            shutil.rmtree(folder, ignore_errors=True)
    if not wanted and (missed := pages_not_held()):
        failed.append("every page")
        print(f"  FAILED  every page keeps the rules: nobody looked at {', '.join(missed)}", flush=True)
    print(f"page: {passed} passed, {len(failed)} failed")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
