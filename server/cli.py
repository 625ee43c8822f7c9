"""Commands: `flask --app server.app storewalk …` and `… openapi write`."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

import click
import orjson
from flask import Flask, current_app
from flask.cli import AppGroup

from server import tables
from server.kernel.clock import Clock, day_bounds
from server.kernel.db import db

storewalk = AppGroup("storewalk", help="Run and look after a Storewalk server.")
openapi = AppGroup("openapi", help="The API's description.")


def install(app: Flask) -> None:
    """Add the commands to an app."""
    app.cli.add_command(storewalk)
    app.cli.add_command(openapi)


@storewalk.command("migrate")
def migrate() -> None:
    """Bring the database's tables up to date."""
    from server.office.reminding.keys import key_file
    from server.office.weeks.settings import set_up

    tables.bring_up_to_date()
    set_up(db.session(), Clock())
    db.session.commit()
    key_file(current_app.config["SETTINGS"].data_dir)
    click.echo("Database is up to date.")


@storewalk.command("revision")
@click.argument("message")
def revision(message: str) -> None:
    """Write a migration for what the models have more than the database (for developers)."""
    tables.write_revision(message)


@storewalk.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing if there are people already.")
@click.option("--migrate", "first", is_flag=True, help="Bring the tables up to date first.")
def demo(*, if_empty: bool, first: bool) -> None:
    """Load the demo company and print its log-ins."""
    from server.accounts.queries import anybody
    from server.demo import company

    if first:
        tables.bring_up_to_date()
    filled = anybody(db.session())
    if filled and not if_empty:
        raise click.ClickException("The database is not empty; the demo needs an empty one.")
    if not filled:
        click.echo("Loading the demo company (once, about half a minute) …")
        company.load(db.session(), Clock())
        db.session.commit()
    if company.is_demo(db.session()):
        for line in company.logins():
            click.echo(line)
    db.session.rollback()


@storewalk.command("rejudge")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@click.option("--apply", "write", is_flag=True, help="Write it; without, only say what would be.")
def rejudge(*, first: datetime | None, last: datetime | None, write: bool) -> None:
    """Judge visits again by today's rules; the judgements replaced stay in their history."""
    from server.kernel.db import read_only
    from server.visits.rejudge import rejudge_all

    since = day_bounds(first.date(), first.date())[0] if first else None
    until = day_bounds(last.date(), last.date())[1] if last else None
    with contextlib.nullcontext() if write else read_only():
        found = rejudge_all(db.session(), Clock(), since=since, until=until, write=write)
    db.session.rollback()
    for line in found.lines():
        click.echo(line)
    if not write:
        click.echo("Nothing was written. Run it again with --apply to write this.")


@storewalk.command("pins")
def learn_pins() -> None:
    """Learn from all check-ins of half a year where stores are, and propose their pins anew."""
    from server.visits.pins import learn_all

    changed = learn_all(db.session(), Clock(), everything=True)
    click.echo(f"Proposals that changed: {changed}")


@storewalk.command("map-sums")
@click.option("--anew", is_flag=True, help="Forget the sums first: the time zone has changed.")
def map_sums(*, anew: bool) -> None:
    """Add up the check-ins of all days that are over, as the background job does by itself."""
    from server.audit.sums import add_up, forget_all

    if anew:
        forget_all(db.session())
        db.session.commit()
    click.echo(f"Days added up: {add_up(db.session(), Clock())}")


@storewalk.command("restored")
def restored() -> None:
    """After a restore from a backup: have all phones read the change feed from its beginning."""
    from server.kernel.changes import renew_generation

    renew_generation(db.session())
    db.session.commit()
    click.echo("All phones will read the change feed from its beginning with their next sync.")


@storewalk.command("push-key")
def push_key() -> None:
    """Make the key of push messages if there is none, and print its public half."""
    from server.office.reminding.keys import public_key

    click.echo(public_key(current_app.config["SETTINGS"].data_dir))


def _days(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    """Days out of "400" or "400d"."""
    from server.accounts.retention import DAYS_MIN

    if text is None:
        return None
    number = text.removesuffix("d")
    if not number.isdecimal() or int(number) < DAYS_MIN:
        raise click.BadParameter(f"a number of days, at least {DAYS_MIN}: 400d")
    return int(number)


@storewalk.command("purge")
@click.option("--older-than", "days", callback=_days, help="Days, e.g. 400d; else as was set.")
@click.option(
    "--what",
    multiple=True,
    type=click.Choice(["positions", "photos", "views", "replies"]),
    help="Only these kinds; may be given several times.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
def purge_old(*, days: int | None, what: tuple[str, ...], dry_run: bool) -> None:
    """Erase positions, pictures, views and answers whose time is over. They are gone for good."""
    from dataclasses import replace

    from server.accounts.retention import NAMES, retention
    from server.kernel.db import read_only
    from server.purge import look, purge

    kept = retention(db.session())
    if days is not None:
        kept = replace(kept, **dict.fromkeys(NAMES, days))
    kept = replace(kept, **dict.fromkeys(set(NAMES) - set(what), 0)) if what else kept
    db.session.rollback()
    with read_only() if dry_run else contextlib.nullcontext():
        found = (look if dry_run else purge)(db.session(), Clock(), kept)
    db.session.rollback()
    for line in found.lines():
        click.echo(line)
    if dry_run:
        click.echo("Nothing was erased. Run it again without --dry-run to erase this.")


@storewalk.command("worker")
def worker() -> None:
    """Run background jobs from Redis until stopped."""
    from huey.consumer import Consumer

    from server.kernel.jobs import start_sweeps

    runner = current_app.extensions["storewalk.jobs"]
    if not current_app.config["SETTINGS"].redis_url:
        raise click.ClickException(
            "Without STOREWALK_REDIS_URL the web process runs the jobs itself; set it first."
        )
    start_sweeps(runner)
    Consumer(runner.huey, workers=2, periodic=False).run()


ledger = AppGroup("ledger", help="The books of the promo material.")
storewalk.add_command(ledger)


@ledger.command("check")
@click.option("--mend", is_flag=True, help="Write the running balances anew where they are wrong.")
def check_ledger(*, mend: bool) -> None:
    """Hold the running balances against the sum of the entries, and the trial balance to zero."""
    from server.materials import ledger as books

    session = db.session()
    wrong = books.check(session)
    for (place, material_id, batch_id), (running, true) in sorted(wrong.items()):
        batch = f" batch {batch_id}" if batch_id else ""
        click.echo(f"{place} {material_id}{batch}: running {running}, entries say {true}")
    total = sum(amount for _, _, amount in books.trial_balance(session))
    if wrong and mend:
        click.echo(f"Mended {books.mend(session)} balances.")
        session.commit()
        return
    session.rollback()
    if wrong or total:
        raise click.ClickException(
            f"{len(wrong)} balances are wrong; the books are out by {total}."
        )
    click.echo("The running balances are the sums of the entries; the trial balance is zero.")


@openapi.command("write")
@click.argument("path", type=click.Path(path_type=Path))
def write_openapi(path: Path) -> None:
    """Write the OpenAPI 3.1 document to a file."""
    from server.openapi import document

    path.parent.mkdir(parents=True, exist_ok=True)
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    path.write_bytes(orjson.dumps(document(), option=options) + b"\n")
