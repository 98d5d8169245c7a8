"""The tables. Each module has a GROUP, what the document says of it in WORDS, and its ROWS."""

from dataclasses import replace

from . import archives, coreutils, editors, languages, shells, sync, tables, waiting

MODULES = coreutils, shells, editors, archives, sync, languages, tables, waiting


def all_rows():
    rows = [replace(row, group=module.GROUP) for module in MODULES for row in module.ROWS]
    names = [row.name for row in rows]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
    return rows
