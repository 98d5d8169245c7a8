"""Reads overview/now.html as a browser would, but for its looks.

Usage: overview.py FILE [APP STREAM]

Holds the page to what it promises: every tag ends as it should, there are no scripts, nothing is fetched from
elsewhere, and the policy has the hash of the style. Prints a line for each row: app, stream, state, lag and the time
of the last commit, with tabs between them; with APP and STREAM instead the details of that row, a line for each
partition.
"""

import base64
import hashlib
import html.parser
import re
import sys

VOID = {"meta", "rect"}
# whose end may be left out
OPEN = {"html", "td", "th"}
TAGS = VOID | OPEN | {
    "a", "b", "code", "dd", "details", "div", "dl", "dt", "footer", "h1", "h2", "li", "p", "section", "small", "span",
    "style", "summary", "svg", "table", "time", "title", "tr", "ul"}
ATTRIBUTES = {
    "aria-hidden", "charset", "class", "content", "datetime", "height", "href", "http-equiv", "lang", "name", "width"}


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack = []
        self.texts = []
        self.policy = self.style = None
        self.app = ""
        self.row = None
        self.rows = []
        self.feed(text)
        self.close()
        assert self.stack == [], self.stack

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert tag in TAGS, tag
        assert set(attributes) <= ATTRIBUTES, attributes
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag == "a":
            assert attributes["href"] in ("now.html", "overview/now.html"), attributes
        if tag in VOID or tag == "html":
            return
        if tag in ("td", "th"):
            self.end_cell()
        self.stack.append((tag, attributes.get("class", "")))
        self.begin(tag, attributes.get("class", ""))

    def handle_endtag(self, tag):
        if tag == "html" or tag in VOID:
            return
        if tag == "tr":
            self.end_cell()
        assert self.stack and self.stack[-1][0] == tag, (tag, self.stack)
        self.stack.pop()

    def end_cell(self):
        if self.stack[-1][0] in ("td", "th"):
            self.stack.pop()

    def begin(self, tag, kind):
        inside = [name for name, _ in self.stack]
        if tag == "h2":
            self.app = ""
        elif tag == "summary" and "footer" not in inside or kind == "row failed":
            self.row = {"app": self.app, "name": "", "state": "", "lag": "", "when": "", "why": "", "details": []}
            self.rows.append(self.row)
        elif tag == "tr":
            self.row["details"].append([])
        elif tag == "td":
            self.row["details"][-1].append("")

    def handle_data(self, data):
        tags = [tag for tag, _ in self.stack]
        kinds = [kind for _, kinds in self.stack for kind in kinds.split()]
        if tags[-1:] == ["style"]:
            self.style = data
        elif tags[-1:] == ["h2"]:
            self.app += data
        elif "td" in tags and "small" not in tags:
            self.row["details"][-1][-1] += data
        elif "summary" in tags or "failed" in kinds:
            for kind in ("name", "state", "lag", "when", "why"):
                if kind in kinds and ("small" not in tags or kind == "why"):
                    self.row[kind] += data
        self.texts.append(data)


def plain(text):
    """Numbers as they are, without what groups their digits."""
    return re.sub("(?<=[0-9])\u202f(?=[0-9])", "", text).strip()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        page = Page(file.read())
    assert page.policy and page.policy.startswith("default-src 'none'"), page.policy
    if page.style is not None:
        digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in page.policy, f"the hash of the style is sha256-{digest}"
    for row in page.rows:
        if len(sys.argv) == 2:
            fields = [row["app"], row["name"], row["state"], row["why"] or row["lag"], row["when"]]
            print("\t".join(plain(field) for field in fields))
        elif [row["app"], row["name"]] == sys.argv[2:4]:
            for cells in filter(None, row["details"]):
                print("\t".join(plain(cell) for cell in cells))


if __name__ == "__main__":
    main()
