# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2016 # what other shells are to expand
# What people copy: the sessions of README and of docs/.

load examples

DOCS=$BATS_TEST_DIRNAME/../../docs

# typed [OPTION] DOCUMENT...: they print what they say, see recipes.py.
typed() {
    needs dash git jq python3 rsync sqlite3
    cd "$DOCS" || return
    unmount "$MNT"
    mkdir "$DIR/homes"
    run -0 python3 "$BATS_TEST_DIRNAME/recipes.py" "$@" "$DIR/homes"
}

@test "the sessions of README and of the tour are what one sees" {
    typed --new ../README.md tour.md
}

@test "every recipe, and every other page, prints what it says" {
    typed recipes.md scripts.md operations.md local.md
}

# links_of DOCUMENT: where its links go, those to other places left out; a picture is one, too.
links_of() {
    grep -o '](\([^)]*\))' "$1" | sed 's/^](//; s/)$//' | grep -v '^https\?:' | sort -u
}

@test "every link of the documents leads to what is there" {
    needs python3
    cd "$DOCS/.."
    python3 - <<'END'
import pathlib, re

def anchors(path):
    headings = re.findall(r"^#+ (.*)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

documents = [*pathlib.Path("docs").glob("*.md"), *map(pathlib.Path, ["README.md", "CONTRIBUTING.md", "examples/README.md"])]
links = [(document, *link.partition("#")[::2]) for document in documents
         for link in re.findall(r"\]\(([^)\s]*)\)", document.read_text()) if not link.startswith("http")]
assert len(links) > 100
for document, path, anchor in links:
    target = document.parent / path if path else document
    assert target.exists() and (not anchor or anchor in anchors(target)), f"{document}: {path}#{anchor}"
END
}

@test "every document is in the list of documents, and every example in that of examples" {
    links_of "$DOCS/README.md" | grep -v / | sort >"$DIR/listed"
    find "$DOCS" -maxdepth 1 -name "*.md" ! -name README.md -o -name "checkpointfs*.[1-8]" | sed "s,.*/,," | sort | diff - "$DIR/listed"
    links_of "$DOCS/../examples/README.md" | grep -v / | sort >"$DIR/listed"
    # what is no script is named by the page on operations, or by cmake
    (cd "$DOCS/../examples" && ls -- *.sh *.py) | sort | diff - <(grep '[.]sh$\|[.]py$' "$DIR/listed")
}

@test "every metric that the documents name is in the manual" {
    local name
    grep -oh 'checkpointfs_[a-z_]*' "$DOCS"/*.md | sort -u >"$DIR/named"
    (($(wc -l <"$DIR/named") > 5))
    while read -r name; do
        cat "$DOCS"/checkpointfs*.[1-8] | grep -qw "$name" || is "$name" "in the manual"
    done <"$DIR/named"
}

@test "every question of the first page has its recipe, and every recipe its question" {
    grep -o '](#[^)]*)' "$DOCS/recipes.md" | tr -d '](#)' | sort -u >"$DIR/questions"
    sed -n 's/^## //p' "$DOCS/recipes.md" | tr '[:upper:]' '[:lower:]' | tr -d "?,'" | tr ' ' - |
        sort >"$DIR/recipes"
    (($(wc -l <"$DIR/recipes") > 20))
    diff "$DIR/questions" "$DIR/recipes"
}

# What is not typed there, as it does not end or needs more than a mount, is at least a program.
@test "every other recipe is a program" {
    awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside' "$DOCS"/*.md "$DOCS/../README.md" >"$DIR/typed"
    (($(wc -l <"$DIR/typed") > 5))
    bash -n "$DIR/typed"
}

# once: a loop, of which only the first round is made.
once() {
    sed 's/^while \(.*\); do$/if \1; then/; s/^done$/fi/'
}

# at_home COMMANDS: with ~/mnt and what else they name.
at_home() {
    cd "$DIR" || return
    HOME=$DIR PATH=$EXAMPLES/..:$PATH run -0 bash -c "cd '$EXAMPLES/..'; $1"
}

@test "the recipe of a consumer consumes" {
    needs jq
    rm "$P/checkpoint"
    printf '%s\n' one two three >streams/orders/0/records/new
    at_home "$(block docs/recipes.md '## Consume records' | once)"
    is "$(xargs <"$DIR/orders.txt") $(cat "$MNT/$P/lag")" "one two three 0"
}

@test "the consumer of README prints what it says is produced" {
    needs jq
    rm "$P/checkpoint"
    HOME=$DIR bash -c "$(sed -n 's/^`\(echo hello [^`]*\)`.*/\1/p' "$EXAMPLES/../README.md")"
    at_home "$(block README.md 'A consumer, in three' | once)"
    is "$output $(cat "$MNT/$P/lag")" "hello 0"
}
