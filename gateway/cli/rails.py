"""`nyota rails`: what holds them back, pause and resume."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import By, ConfigFile, Data, Direction, Rail, Why

rails = typer.Typer(help="Rails: pause them, let them go, see what was found away.", no_args_is_help=True)


@rails.command("status")
def rails_status(config: ConfigFile = None, data: Data = Path("var")) -> None:
    """What holds rails back now, and how much waits for it."""
    from gateway.rails.command import status

    typer.echo("\n".join(asyncio.run(status(config, data))))


@rails.command("float")
def rails_float(config: ConfigFile = None, data: Data = Path("var")) -> None:
    """What our shortcodes hold, as M-PESA told it last, and how long it will last."""
    from gateway.payouts.command import shown

    typer.echo("\n".join(asyncio.run(shown(config, data))))


@rails.command("pause")
def rails_pause(
    rail: Rail, by: By, why: Why, direction: Direction = "both", config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """Send nothing new from now on; what was sent is asked about all the same. `all` and `disburse`: no pay-outs."""
    from gateway.rails.command import moved

    done = moved(config, data, rail, direction, pauses=True, by=by, why=why)
    typer.echo("\n".join(asyncio.run(done)))


@rails.command("resume")
def rails_resume(
    rail: Rail,
    by: By,
    why: Why,
    direction: Direction = "both",
    anyway: Annotated[bool, typer.Option("--anyway", help="Though a restore is not caught up with.")] = False,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Let it go again, one after another, the longest waiting first."""
    from gateway.rails.command import moved

    done = moved(config, data, rail, direction, pauses=False, by=by, why=why, anyway=anyway)
    typer.echo("\n".join(asyncio.run(done)))
