#!/usr/bin/env python3
"""Drives real browsers against real daemons. Every function named test_… in the files named case_….py is a test.

    run.py PROGRAM [PART_OF_A_NAME]
"""

import importlib
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from stage import Stage  # noqa: E402


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
    print(f"page: {passed} passed, {len(failed)} failed")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
