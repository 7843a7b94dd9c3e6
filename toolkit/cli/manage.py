"""Looking after models, configs and the embedder."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.terminal import printable, say, summary
from toolkit.errors import ToolkitError

models = typer.Typer(help="Models on this machine: list, show, verify.", no_args_is_help=True, rich_markup_mode=None)
config = typer.Typer(help="Config files: show, check, init.", no_args_is_help=True, rich_markup_mode=None)
embedder = typer.Typer(help="The static embedder: build it anew.", no_args_is_help=True, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Models under ./models and those shipped with the toolkit.

    Example: toolkit models list
    """
    from toolkit.store import model_folders, read_manifest, shipped_folder

    rows: list[dict[str, object]] = []
    for folder in model_folders([Path("models"), shipped_folder("models")]):
        try:
            manifest = read_manifest(folder)
        except ToolkitError as error:
            rows.append({"name": folder.name, "folder": str(folder), "problem": str(error)})
            continue
        n_documents = manifest.training.get("n_documents")
        rows.append({"name": manifest.name, "folder": str(folder), "hash": manifest.sha256, "n_documents": n_documents})
    if as_json:
        summary({"command": "models list", "status": "done", "models": rows})
        return
    for row in rows:
        what = row.get("problem") or f"{str(row['hash'])[:12]}  trained on {row['n_documents']} documents"
        typer.echo(printable(f"{row['name']}  {what}  {row['folder']}"))
    if not rows:
        say("No models yet. next: toolkit train INPUT --name NAME")


@models.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="Name or folder of a model.")], as_json: AsJson = False
) -> None:
    """The model card: what it learned from, its topics and figures.

    Example: toolkit models show china-asean
    """
    from toolkit.store import find_model, load_text, read_manifest

    manifest = read_manifest(find_model(name))
    if as_json:
        from dataclasses import asdict

        from toolkit.model import load_model

        topics = load_model(manifest.folder).topics.shown()
        summary(
            {
                "command": "models show",
                "status": "done",
                "name": manifest.name,
                "folder": str(manifest.folder),
                "hash": manifest.sha256,
                "training": dict(manifest.training),
                "versions": dict(manifest.versions),
                "files": dict(manifest.files),
                "topics": [asdict(topic) for topic in topics],
            }
        )
        return
    typer.echo(printable(load_text(manifest, "README.md")))


@models.command("verify")
def verify_model(
    name: Annotated[str, typer.Argument(help="Name or folder of a model.")], as_json: AsJson = False
) -> None:
    """Check that a model is whole, unchanged and loads. Ends with 4 where it is not.

    Example: toolkit models verify china-asean
    """
    from toolkit.model import load_model
    from toolkit.store import find_model, problems, read_manifest

    manifest = read_manifest(find_model(name))
    found = problems(manifest)
    if found:
        raise ToolkitError(f"{manifest.folder}: {'; '.join(found)}.", exit_code=4)
    load_model(manifest.folder)
    if as_json:
        summary({"command": "models verify", "status": "done", "folder": str(manifest.folder), "hash": manifest.sha256})
    say(f"{manifest.folder}: sound ({len(manifest.files)} files, hash {manifest.sha256[:12]}).", quiet=as_json)


ConfigFile = Annotated[Path | None, typer.Argument(help="A config file; the shipped china-asean.toml without one.")]


@config.command("show")
def show_config(path: ConfigFile = None) -> None:
    """Every setting in force, defaults written out, as TOML.

    Example: toolkit config show configs/china-asean.toml
    """
    from toolkit.config import load_config, shipped_config
    from toolkit.model import config_toml

    typer.echo(printable(config_toml(load_config(path or shipped_config()))), nl=False)


@config.command("check")
def check_config(path: ConfigFile = None, as_json: AsJson = False) -> None:
    """Check a config file; ends with 2 and says what to mend where something is wrong.

    Example: toolkit config check my-subject.toml
    """
    from toolkit.config import load_config, shipped_config
    from toolkit.places import Gazetteer

    where = path or shipped_config()
    checked = load_config(where)
    gazetteer = Gazetteer.from_config(checked.places)
    sides = {side: len(gazetteer.members(side)) for side in checked.places.sides}
    if as_json:
        summary({"command": "config check", "status": "done", "themes": list(checked.themes), "members": sides})
    members = ", ".join(f"{side}: {n} members" for side, n in sides.items())
    say(f"{where}: good. {len(checked.themes)} themes; {members}.", quiet=as_json)


@config.command("init")
def init_config(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("my-subject.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
) -> None:
    """Write a commented config to start another subject from.

    Example: toolkit config init my-subject.toml
    """
    from toolkit.config import shipped_config
    from toolkit.files import atomic_write_bytes

    if path.exists() and not force:
        raise ToolkitError(f"{path}: is there already. Choose another name, or replace it with --force.")
    atomic_write_bytes(path, shipped_config().read_bytes())
    say(f"wrote {path}: change the words, then check it.")
    say(f"next: toolkit config check {path}")


@embedder.command("build")
def build_embedder(
    source: Annotated[Path, typer.Argument(help="Folder of a sentence-transformers model on this machine.")],
    out: Annotated[Path, typer.Option(help="Folder to write the static embedder to.")],
    dimensions: Annotated[int, typer.Option(min=2, help="Size of the vectors.")] = 256,
    seed: Annotated[int, typer.Option(help="For the random numbers of the libraries.")] = 0,
    corpora: Annotated[
        Path | None, typer.Option(help="Corpora to fit the vectors on, as the shipped ones are.", show_default=False)
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for what takes long, to go on from.", show_default=False)
    ] = None,
) -> None:
    """Distil a static embedder from a sentence-transformer; needs the extra `transformers` and model2vec.

    Example: toolkit embedder build all-MiniLM-L6-v2/ --out embedder/
    """
    from toolkit.distil import build_embedder as build
    from toolkit.distil_texts import read_texts

    build(source, out, texts=read_texts(corpora) if corpora else (), dimensions=dimensions, seed=seed, cache=cache)
    say(f"wrote {out}")
