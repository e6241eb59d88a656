"""Figures as tables, and two runs beside each other."""

from __future__ import annotations

PAGE_COLUMNS = {
    "page": "row",
    "bytes": "bytes",
    "cold ms": "cold_ms",
    "first byte ms": "first_ms",
    "median ms": "median_ms",
    "min ms": "min_ms",
    "p90 ms": "p90_ms",
    "CPU ms": "cpu_ms",
    "req/s": "load_rps",
    "CPU ms (load)": "load_cpu_ms",
    "RSS before": "rss_before",
    "RSS after": "rss_after",
    "others": "foreign",
}
WIRE_COLUMNS = {
    "operation": "row",
    "runs": "runs",
    "median s": "median_s",
    "min s": "min_s",
    "server CPU s": "cpu_s",
    "RSS before": "rss_before",
    "RSS after": "rss_after",
    "RSS peak": "rss_peak",
    "others": "foreign",
}
COMPARED_PAGES = ["cold_ms", "first_ms", "median_ms", "min_ms", "cpu_ms", "load_rps", "rss_after"]
COMPARED_WIRE = ["median_s", "min_s", "cpu_s", "rss_after"]
COMPARED_START = ["median_s", "min_s", "cpu_s", "rss"]


def table(head: list[str], rows: list[list[object]]) -> str:
    """A table that reads well on a terminal and is one in Markdown, too."""
    cells = [head, *([_text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ["| " + " | ".join(_aligned(cell, widths[n], n) for n, cell in enumerate(row)) + " |" for row in cells]
    rule = "|" + "|".join("-" * (width + 2) if n == 0 else "-" * (width + 1) + ":" for n, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.3g}" if abs(cell) < 1 else f"{cell:.2f}" if abs(cell) < 10 else f"{cell:.1f}"
    return str(cell)


def _rows(figures: list[dict], columns: dict[str, str]) -> list[list[object]]:
    return [[row.get(key) for key in columns.values()] for row in figures if "error" not in row]


def pages(figures: list[dict]) -> str:
    return table(list(PAGE_COLUMNS), _rows(figures, PAGE_COLUMNS))


def wire(figures: list[dict]) -> str:
    return table(list(WIRE_COLUMNS), _rows(figures, WIRE_COLUMNS))


def peers(figures: list[dict], ours: list[dict]) -> str:
    """One row for each page, one column for each program that has it."""
    names = list(dict.fromkeys(figure["peer"] for figure in figures))
    rows = list(dict.fromkeys(figure["row"] for figure in figures))
    cpu = {(figure["peer"], figure["row"]): figure["cpu_ms"] for figure in figures}
    own = {row["row"]: row.get("cpu_ms") for row in ours}
    return table(["CPU ms", "ours", *names], [[row, own.get(row), *(cpu.get((name, row)) for name in names)] for row in rows])


def everything(result: dict) -> str:
    parts = [_circumstances(result)]
    if result.get("pages"):
        parts.append(pages(result["pages"]))
    if result.get("wire"):
        parts.append(wire(result["wire"]))
    if result.get("peers"):
        parts.append(peers(result["peers"], result.get("pages", [])))
    if start := result.get("start"):
        parts.append(
            f"Start of a server with one worker until its first page has been read: median {start['median_s']} s, "
            f"best {start['min_s']} s, {start['cpu_s']} s CPU, then {start['rss']} MiB RSS."
        )
    if mixed := result.get("mixed"):
        head = ["after requests", *(f"worker {n + 1}: RSS (PSS) MiB" for n in range(len(mixed["rss"][0])))]
        steps = [mixed["requests"] * quarter // 4 for quarter in range(5)]
        rows = [[f"{step}", *(f"{r} ({p})" for r, p in zip(*both))] for step, *both in zip(steps, mixed["rss"], mixed["pss"])]
        parts.append(
            f"{mixed['pages']} pages in turn, 8 clients: {mixed['load_rps']} requests/s, {mixed['cpu_ms']} ms CPU each; "
            f"the most that a worker ever held: {max(mixed['peak'])} MiB.\n\n{table(head, rows)}"
        )
    failed = [f"{row['row']}: {row['error']}" for row in result.get("pages", []) + result.get("wire", []) if "error" in row]
    if failed:
        parts.append("FAILED\n" + "\n".join(failed))
    return "\n\n".join(parts)


def _circumstances(result: dict) -> str:
    machine = result["machine"]
    lines = [
        f"{result['program']}, {result['date']}",
        f"{machine['processors']} x {machine['model']}, {machine['memory_gib']} GiB, {machine['system']}",
        f"load average before and after: {machine['load_before']}, {machine['load_after']}",
    ]
    for facts in result["repositories"]:
        size = "{kind}: {changesets} changesets, {files} files at the tip, {tags} tags, {branches} branches".format(**facts)
        large = "{large_file}: {large_file_lines} lines, {large_file_bytes} bytes, {large_file_changes} changes".format(**facts)
        lines.append(f"{size}; {large}; a changeset of {facts['changeset_files']} files")
    return "\n".join(lines)


def comparison(first: dict, second: dict) -> str:
    """The second run in multiples of the first, for the rows that both have."""
    parts = [f"B as a multiple of A\nA: {first['program']}, {first['date']}\nB: {second['program']}, {second['date']}"]
    for section, columns in (("pages", COMPARED_PAGES), ("wire", COMPARED_WIRE)):
        rows = _compared(first.get(section, []), second.get(section, []), columns)
        if rows:
            parts.append(table([section, *columns], rows))
    start = _compared([first.get("start") or {}], [second.get("start") or {}], COMPARED_START)
    if start:
        parts.append(table(["start", *COMPARED_START], start))
    return "\n\n".join(parts)


def _compared(first: list[dict], second: list[dict], columns: list[str]) -> list[list[object]]:
    others = {row["row"]: row for row in second if row and "error" not in row}
    both = [(row, others[row["row"]]) for row in first if row and "error" not in row and row["row"] in others]
    return [[a["row"], *(_ratio(a, b, column) for column in columns)] for a, b in both]


def _ratio(first: dict, second: dict, column: str) -> str | None:
    a, b = first.get(column), second.get(column)
    return None if not a or b is None else f"{b / a:.2f}" if b / a < 10 else f"{b / a:.0f}"
