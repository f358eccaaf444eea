"""Options and arguments that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

DAY = ["%Y-%m-%d"]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Configuration file; default config.yaml.")]
Password = Annotated[bool, typer.Option("--password", help="Ask for the password of an encrypted PDF.")]
Data = Annotated[Path, typer.Option("--data", help="Where everything of this machine is kept.")]
Rail = Annotated[str, typer.Argument(help="daraja, or all of them: all.")]
Direction = Annotated[str, typer.Option(help="collect, disburse or both.")]
By = Annotated[str, typer.Option(help="Who does it, for the record.")]
Why = Annotated[str, typer.Option(help="Why, for the record and for whoever looks next.")]
Reference = Annotated[str, typer.Argument(help="The reference its customer knows: LN7K2QD.")]
CaseNumber = Annotated[str, typer.Argument(help="The number its customer knows: CS2B4K7.")]
InState = Annotated[str | None, typer.Option("--state", help="Only those in this state.")]
OfPhone = Annotated[str | None, typer.Option("--phone", help="Only this customer's.")]
Most = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]
Receipt = Annotated[str, typer.Argument(help="The receipt of M-PESA: UA12BC34DE.")]
Desk = Annotated[str | None, typer.Option("--url", help="Address of the gateway; default: as configured.")]
Partner = Annotated[str, typer.Option(help="Whose sender id it has; default: our own.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Report = Annotated[Path | None, typer.Option("--out", help="Where to write the report, everybody in it, as CSV.")]
CampaignName = Annotated[str, typer.Argument(help="The campaign: CP7K2QD.")]
OnDay = Annotated[str | None, typer.Option("--on", help="A day that is over, like 2026-08-31; default: today.")]
