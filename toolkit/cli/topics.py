"""The topics of a model: list, rename, merge, diff."""

from typing import Annotated, Any

import typer

from toolkit.cli.terminal import hint, printable, quoted, say, summary

topics = typer.Typer(help="Topics of a model: list, rename, merge, diff.", no_args_is_help=True, rich_markup_mode=None)

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="Name or folder of a model, or a results folder with a model in it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
_SHOWN_TERMS = 5


@topics.command("list")
def list_topics(name: ModelArgument, as_json: AsJson = False) -> None:
    """Every topic with its id, colour, size, theme, birth and terms; merged and retired ones last.

    Example: toolkit topics list china-asean
    """
    from toolkit import topic_jobs
    from toolkit.model import load_model

    model = load_model(topic_jobs.find_topics(name))
    rows = topic_jobs.list_topics(model)
    folder = model.manifest.folder if model.manifest else name
    if as_json:
        summary({"command": "topics list", "status": "done", "model": str(folder), "topics": rows})
        return
    for row in rows:
        _show(row)
    if not rows:
        say(f"{folder}: this model has no topics. {model.topics.note}")
        return
    hint(f"toolkit topics rename {quoted([name])} {rows[0]['topic']} 'A name of your own'", quiet=False)


@topics.command("rename")
def rename(
    name: ModelArgument,
    topic: Annotated[int, typer.Argument(metavar="ID", help="Id of the topic.")],
    new_name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it; up to 80 characters.")],
    as_json: AsJson = False,
) -> None:
    """Give a topic a name of your own; it keeps it over retraining from this model.

    The model stays the same model: results made with it stay valid, and nothing is judged again. They show the name
    when their command is given again (only the tables are written anew) or `toolkit report` is.

    Example: toolkit topics rename mine 3 "Durian exports"
    """
    from toolkit import topic_jobs

    model = topic_jobs.rename_topic(topic_jobs.find_topics(name), topic, new_name)
    _wrote(
        "rename",
        model,
        f"topic {topic} is “{model.topics.registry.entry(topic).shown_name}” now",
        name,
        as_json=as_json,
    )


@topics.command("merge")
def merge(
    name: ModelArgument,
    ids: Annotated[list[int], typer.Argument(metavar="ID ID...", help="Ids; the first one stays.")],
    undo: Annotated[bool, typer.Option("--undo", help="Take the others out of the first again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make one topic of several: the first keeps its id, name and colour, the other ids lead to it from now on.

    Nothing is lost: --undo makes them topics of their own again. A merge changes answers: results made before are
    those of another model, and `classify` and `run` judge again.

    Example: toolkit topics merge mine 3 7
    """
    from toolkit import topic_jobs

    folder = topic_jobs.find_topics(name)
    model = topic_jobs.part_topics(folder, ids) if undo else topic_jobs.merge_topics(folder, ids)
    others = ", ".join(map(str, ids[1:]))
    words = f"{others} stand for themselves again, apart from {ids[0]}" if undo else f"{others} lead to {ids[0]} now"
    _wrote("merge", model, f"topics: {words}", name, as_json=as_json)


@topics.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="OLD", help="Name or folder of a model, or a results folder.")],
    after: Annotated[str, typer.Argument(metavar="NEW", help="The other one.")],
    as_json: AsJson = False,
) -> None:
    """Which topics were kept, split, merged, born or retired from one model to the other, and how sure that is.

    For models that were not retrained one from the other it says which topics are alike, which is a guess.

    Example: toolkit topics diff mine mine-2
    """
    from toolkit import topic_jobs
    from toolkit.model import load_model

    old, new = (load_model(topic_jobs.find_topics(name)) for name in (before, after))
    found = topic_jobs.diff_topics(old, new)
    old_names = {entry.topic: entry.shown_name for entry in old.topics.registry.entries}
    new_names = {entry.topic: entry.shown_name for entry in new.topics.registry.entries}
    if as_json:
        rows = [{"kind": row.kind, "before": row.before, "after": list(row.after), **row.scores} for row in found.rows]
        summary(
            {"command": "topics diff", "status": "done", "basis": found.basis, "ground": found.ground, "rows": rows}
        )
        return
    say(found.ground)
    for row in found.rows:
        left = "" if row.before is None else f"{row.before} {old_names.get(row.before, '')}"
        right = "; ".join(f"{topic} {new_names.get(topic, '')}" for topic in row.after)
        score = " ".join(f"{what} {value:.2f}" for what, value in row.scores.items())
        between = " → " if left and right else ""
        typer.echo(printable(f"{row.kind:<8}  {left}{between}{right}{f'  ({score})' if score else ''}"))
    hint(f"toolkit topics list {quoted([after])}", quiet=False)


def _show(row: dict[str, Any]) -> None:
    light = str(row["colours"]["light"])
    shade = (int(light[1:3], 16), int(light[3:5], 16), int(light[5:7], 16))
    typer.secho("■", fg=shade, nl=False)
    size = "" if row["n_segments"] is None else f"{row['n_segments']:,} segments"
    born = row["birth"]["date"] or f"generation {row['birth']['generation']}"
    stability = "" if row["stability"] is None else f"stability {row['stability']:.2f}"
    if row["status"] == "merged":
        status = f"merged into {row['merged_into']}"
    elif row["aliases"]:
        status = f"{row['status']}, with {', '.join(map(str, row['aliases']))}"
    else:
        status = row["status"]
    facts = [light, size, row["theme"] or "", stability, f"born {born}", status]
    typer.echo(printable(f" {row['topic']:>3}  {row['name']}"))
    typer.echo(printable(f"       {' · '.join(fact for fact in facts if fact)}"))
    typer.echo(printable(f"       {', '.join(row['terms'][:_SHOWN_TERMS])}"))


def _wrote(command: str, model: Any, words: str, name: str, *, as_json: bool) -> None:
    if as_json:
        values = {"model": str(model.manifest.folder), "hash": model.manifest.sha256, "said": words}
        summary({"command": f"topics {command}", "status": "done", **values})
    say(f"{words}. wrote {model.manifest.folder / 'registry.json'} and the model card", quiet=as_json)
    if model.manifest.folder.name == "model" and (model.manifest.folder.parent / "run.json").is_file():
        next_command = f"toolkit report {quoted([name])}" if command == "rename" else "the same `toolkit run` again"
    else:
        next_command = f"toolkit classify NEW-ARTICLES --model {quoted([name])} --out DIR"
    hint(next_command, quiet=as_json)
