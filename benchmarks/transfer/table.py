"""The results as Markdown."""

import statistics


def to_markdown(report):
    """One table a vocabulary, with versions and settings below."""
    tasks = list(
        dict.fromkeys(task for row in report["rows"] for task in row["accuracy"])
    )
    blocks = []
    for vocabulary in dict.fromkeys(row["vocabulary"] for row in report["rows"]):
        mine = [row for row in report["rows"] if row["vocabulary"] == vocabulary]
        blocks.append(f"### {vocabulary}\n\n{_table(mine, tasks)}")
    versions = ", ".join(f"{name} {v}" for name, v in report["versions"].items())
    settings = ", ".join(f"{k}={v}" for k, v in report["settings"].items())
    return "\n\n".join([*blocks, f"{versions}\n\n{settings}"]) + "\n"


def _table(rows, tasks):
    splits = list(rows[0]["sts"])
    head = [
        "row",
        *(name for split in splits for name in (f"STS-B {split}", "of original")),
        *("last row better", "cosine"),
        *(f"{task} %" for task in tasks),
        *("tokens/text", "ms/text", "seconds"),
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    lines += [_cells(row, tasks) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row, tasks):
    better = row.get("last_row_better")
    return [
        row["row"],
        *(
            cell
            for split, found in row["sts"].items()
            for cell in (f"{found:.4f}", f"{row['share'][split]:.1%}")
        ),
        "" if better is None else f"{better:.1%}",
        f"{row['cosine']:.4f}",
        *(_spread(row["accuracy"].get(task, ())) for task in tasks),
        f"{row['tokens_per_text']:.1f}",
        f"{row['ms_per_text']:.1f}",
        f"{row['seconds']:.0f}",
    ]


def _spread(values):
    if len(values) < 2:
        return ", ".join(f"{value:.1f}" for value in values)
    return f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}"
