"""The HTML report in a real browser: filters, keyboard, links, narrow screens, and hostile input.

Not part of what every change must pass, since it needs Chromium; without one, all tests are skipped.

    cargo build -p firedoor-cli
    python3 -m unittest discover -s crates/report/browser
"""

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("FIREDOOR", str(ROOT / "target/debug/firedoor"))
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=4000",
]
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def report(command, tree):
    arguments = [PROGRAM, command, str(tree), "--format", "html"]
    if command == "check":
        arguments += ["--fail-on", "never"]
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def dump(page):
    """Returns the document as it is after its scripts have run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page)
        arguments = [BROWSER, *FLAGS, f"--user-data-dir={folder}/profile", "--dump-dom", path.as_uri()]
        return subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=120).stdout


def ask(page, script):
    """Returns what `script`, the body of a function, returns within the page."""
    script = f"document.body.dataset.answer = JSON.stringify((() => {{ {script} }})());"
    page = POLICY.sub("", page).replace("</body>", f"<script>{script}</script></body>")
    return json.loads(html.unescape(re.search(r'data-answer="([^"]*)"', dump(page))[1]))


@unittest.skipUnless(BROWSER, "there is no Chromium")
@unittest.skipUnless(Path(PROGRAM).exists(), "the program is not built")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tree = ROOT / "examples/arcade-express"
        cls.check = report("check", tree)
        cls.map = report("map", tree)

    def test_the_policy_lets_the_own_script_run(self):
        bars = re.findall(r'<div class="filters"[^>]*>', dump(self.check))
        self.assertEqual(len(bars), 2)
        self.assertFalse([bar for bar in bars if "hidden" in bar])

    def test_without_the_script_everything_can_be_read(self):
        page = re.sub(r"<script>.*</script>", "", self.check, flags=re.S)
        hidden = "[...document.querySelectorAll('[hidden]')].map((it) => it.className)"
        self.assertEqual(set(ask(page, f"return {hidden};")), {"filters"})

    def test_filters(self):
        seen = ask(self.map, """
            const bar = document.querySelector('.filters');
            const count = () => document.querySelectorAll('details.door:not([hidden])').length;
            const choose = (key, value) => {
              bar.querySelector('[data-key=' + key + ']').value = value;
              bar.dispatchEvent(new Event('input'));
            };
            const all = count();
            choose('verdict', 'absent');
            const absent = count();
            choose('transport', 'websocket');
            const sockets = count();
            choose('verdict', ''); choose('transport', '');
            bar.querySelector('input').value = 'POST clubs requireAuth';
            bar.dispatchEvent(new Event('input'));
            const told = bar.querySelector('output').textContent;
            const routers = document.querySelectorAll('.router[id]:not([hidden])').length;
            return [all, absent, sockets, count(), told, routers];
        """)
        whole, absent, sockets, clubs, told, routers = seen
        self.assertGreater(whole, absent)
        self.assertGreater(absent, sockets)
        self.assertGreater(sockets, 0)
        self.assertGreater(clubs, 0)
        self.assertEqual(told, f"{clubs} of {whole}")
        self.assertLess(routers, 5)

    def test_keys(self):
        seen = ask(self.map, """
            const press = (key) => document.activeElement.dispatchEvent(
              new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
            press('/');
            const field = document.activeElement.type;
            const lines = [...document.querySelectorAll('summary')];
            lines[0].focus(); press('ArrowDown');
            return [field, lines.indexOf(document.activeElement)];
        """)
        self.assertEqual(seen, ["search", 1])

    def test_a_link_opens_what_it_leads_to(self):
        seen = ask(self.check, """
            const link = document.querySelector('.door .links a');
            const target = document.getElementById(link.hash.slice(1));
            target.open = false;
            target.hidden = true;
            history.replaceState(null, '', link.hash);
            dispatchEvent(new Event('hashchange'));
            return [target.open, target.hidden];
        """)
        self.assertEqual(seen, [True, False])

    def test_the_picture_lights_up(self):
        lit = ask(self.map, """
            const node = document.querySelector('[data-node="1-0"]');
            node.dispatchEvent(new Event('pointerover', { bubbles: true }));
            return document.querySelectorAll('.picture .lit').length;
        """)
        self.assertGreater(lit, 2)

    def test_nothing_is_wider_than_a_phone(self):
        page = POLICY.sub("", self.check).replace("<details ", "<details open ")
        tell = "parent.postMessage([document.documentElement.scrollWidth, innerWidth], '*')"
        page = page.replace("</body>", f"<script>{tell}</script></body>")
        frame = f"""<!DOCTYPE html><body><script>
            addEventListener('message', (it) => {{ document.body.dataset.answer = it.data.join(' '); }});
            </script><iframe width="360" height="700" srcdoc="{html.escape(page)}"></iframe></body>"""
        wide, room = re.search(r'data-answer="(\d+) (\d+)"', dump(frame)).groups()
        self.assertLessEqual(int(wide), int(room))

    def test_hostile_names_stay_text(self):
        evil = "<img src=x onerror=document.title='lost'><script>document.title='lost'<"
        source = (ROOT / "examples/arcade-express/src/app.ts").read_text()
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder)
            (tree / "package.json").write_text('{"dependencies": {"express": "4", "cors": "2"}}')
            routes = f"app.get(`/{evil}`, (req, res) => res.send('x'));\n"
            (tree / f"{evil}.ts".replace("/", "_")).write_text(source + routes + f"// {evil}\n")
            page = report("check", tree)
        self.assertIn("&lt;img", page)
        seen = ask(page, "return [document.title, document.images.length, document.scripts.length];")
        self.assertTrue(seen[0].startswith("firedoor"))
        self.assertEqual(seen[1:], [0, 2])


if __name__ == "__main__":
    unittest.main()
