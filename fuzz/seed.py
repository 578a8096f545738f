"""Makes the first corpus of every fuzz target from the pages of fixtures: `python3 fuzz/seed.py`."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent
BLOCK = re.compile(r"`([\w./@-]+\.\w+)`:?\s*\n+```\w*\n(.*?)\n```", re.DOTALL)


def seed(target: str, number: int, text: str) -> None:
    folder = ROOT / "fuzz" / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{number}").write_text(text, encoding="utf-8")


def main() -> None:
    number = 0
    for page in sorted(ROOT.glob("crates/*/fixtures/**/*.md")):
        for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            files = BLOCK.findall(section)
            for path, text in files:
                number += 1
                is_python = path.endswith(".py")
                seed("python" if is_python else "javascript", number, text + "\n")
            if files:
                seed("analysis", number, "".join(f"=== {path}\n{text}\n" for path, text in files))
    print(f"{number} files")


if __name__ == "__main__":
    main()
