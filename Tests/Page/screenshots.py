#!/usr/bin/env python3
"""Pictures of the page for the documents, from the demonstration: real daemons, and a patient who is made up.

    screenshots.py PROGRAM FOLDER
"""

import base64
import io
import os
import pathlib
import re
import signal
import subprocess
import sys

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By

WIDTHS = (1280, 390)
# As high as somebody sees who scrolls once or twice; more would be a long strip.
HIGHEST = {1280: 1500, 390: 1700}


class Demo:
    """The demonstration, left running; its daemons end with it."""

    def __init__(self, program, *options):
        done = subprocess.run([program, "demo", "--quiet", *options], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"the demonstration failed:\n{done.stdout}{done.stderr}")
        self.folder = re.search(r"pkill -f (\S+)", done.stdout).group(1)
        self.links = dict(re.findall(r"^ {2}([^\n]+):\n\s+(http\S+)", done.stdout, re.M))

    def link(self, practice):
        return next(link for name, link in self.links.items() if practice in name)

    def end(self):
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                line = open(f"/proc/{process}/cmdline").read().split("\0")
            except OSError:
                continue
            if "serve" in line and any(part.startswith(self.folder) for part in line):
                os.kill(int(process), signal.SIGTERM)


def few_colours(picture):
    """With a palette of the colours that it has most of, each as it is: a third of the size, and no pale ground turns grey."""
    most = sorted(picture.getcolors(picture.width * picture.height), reverse=True)[:255]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in most for part in colour])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


class Camera:
    def __init__(self, folder):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
            options.add_argument(argument)
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def enter(self, link):
        self.driver.get(link)
        self.driver.find_element(By.XPATH, '//button[contains(., "look around")]').click()
        self.base = re.match(r"https?://[^/]+", link).group(0)
        self.driver.get(self.base + "/caseload")
        link = self.driver.find_element(By.CSS_SELECTOR, "main a[href^='/chart/']").get_attribute("href")
        self.chart = re.match(r".*/chart/[\w-]{43}", link).group(0)

    def take(self, name, address):
        for width in WIDTHS:
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
            self.driver.get(address)
            size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
                "format": "png", "captureBeyondViewport": True,
                "clip": {"x": 0, "y": 0, "width": width, "height": min(size["height"], HIGHEST[width]), "scale": 1}})
            file = self.folder / f"{name}-{width}.png"
            few_colours(Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")).save(file, optimize=True)
            print(f"  {file}  {file.stat().st_size // 1024} KiB", flush=True)


def main():
    program, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    camera = Camera(folder)
    for options, practice, shots in (
            (("--until-dispute",), "Psychiatry", (("today", "/today"), ("chart-disputed", ""), ("dispute", "/dispute"))),
            (("--keep",), "Therapy", (("chart", ""), ("replay", "/replay?mode=seen&at=11")))):
        demo = Demo(program, *options)
        try:
            camera.enter(demo.link(practice))
            for name, path in shots:
                camera.take(name, (camera.base if path == "/today" else camera.chart) + path)
        finally:
            demo.end()
    camera.driver.quit()


if __name__ == "__main__":
    main()
