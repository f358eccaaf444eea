"""Options and arguments that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

DAY = ["%Y-%m-%d"]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Configuration file; default config.yaml.")]
Url = Annotated[str, typer.Option(help="Address of the gateway.")]
Password = Annotated[bool, typer.Option("--password", help="Ask for the password of an encrypted PDF.")]
Data = Annotated[Path, typer.Option("--data", help="Where everything of this machine is kept.")]
Rail = Annotated[str, typer.Argument(help="daraja, or all of them: all.")]
Direction = Annotated[str, typer.Option(help="collect, disburse or both.")]
By = Annotated[str, typer.Option(help="Who does it, for the record.")]
Why = Annotated[str, typer.Option(help="Why, for the record and for whoever looks next.")]
Receipt = Annotated[str, typer.Argument(help="The receipt of M-PESA: UA12BC34DE.")]
Desk = Annotated[str | None, typer.Option("--url", help="Address of the gateway; default: as configured.")]
Partner = Annotated[str, typer.Option(help="Whose sender id it has; default: our own.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Report = Annotated[Path | None, typer.Option("--out", help="Where to write the report, everybody in it, as CSV.")]
CampaignName = Annotated[str, typer.Argument(help="The campaign: CP7K2QD.")]
OnDay = Annotated[str | None, typer.Option("--on", help="A day that is over, like 2026-08-31; default: today.")]
